#pragma once

#include "libstos/model/process.hpp"
#include "libstos/model/statistics.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace stos {

class Lease;

/// Something of which an agent has so many, and which its processes use for a while: clerks, beds,
/// machines.
/// @code
///   Resource clerks{*this, 2};                         // a member of a ProcessAgent
///   Lease clerk = co_await clerks.acquire();           // in a process of it: waits for a free one
///   Lease bed = co_await beds.acquire(-1);             // before those of a higher number
///   Lease table = co_await tables.acquire_within(20);  // or none, after so long
///   if (!table) ...
/// @endcode
/// It is free again at the end of the Lease's scope, or with release(). Those who wait get it in
/// the order of priority, then of their coming; a process that comes when one is free, and none
/// waits, goes on at once.
///
/// Units:   seconds of the agent's own clock.
/// Threads: those of its agent's events.
/// Errors:  UsageError (bad_argument) for a capacity of 0.
class Resource {
public:
  static constexpr double for_ever = std::numeric_limits<double>::infinity();

  Resource(Processes& agent, std::uint64_t capacity);
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;
  ~Resource();

  class Acquire;

  /// For co_await: a Lease. What has the lowest priority goes first.
  [[nodiscard]] Acquire acquire(double priority = 0);

  /// The same, or an empty Lease if there was none within `patience`.
  [[nodiscard]] Acquire acquire_within(double patience, double priority = 0);

  /// A Lease if one is free and none waits for it, else an empty one: for lambdas, which cannot
  /// wait.
  [[nodiscard]] Lease try_acquire();

  [[nodiscard]] std::uint64_t capacity() const;
  [[nodiscard]] std::uint64_t in_use() const;
  [[nodiscard]] std::size_t waiting() const;

  /// How many are in use and wait, over time; how long those have waited who got one (0 for those
  /// who got it at once).
  [[nodiscard]] const Level& use() const;
  [[nodiscard]] const Level& queue() const;
  [[nodiscard]] const Tally& waits() const;

  /// The share of all of it that has been in use from its beginning on.
  [[nodiscard]] double utilisation() const;

private:
  friend class Lease;
  struct State;

  // Shared with the leases, which may outlive the resource when their agent ends.
  std::shared_ptr<State> state_;
};

/// One of a Resource, in use; move-only. False if there is none.
class Lease {
public:
  Lease() = default;
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { release(); }

  [[nodiscard]] explicit operator bool() const { return of_ != nullptr; }

  /// Another one can have it from now on. Idempotent.
  void release();

private:
  friend class Resource;
  friend class Resource::Acquire;

  explicit Lease(std::shared_ptr<Resource::State> of) : of_(std::move(of)) {}

  std::shared_ptr<Resource::State> of_;
};

/// What acquire() gives to co_await.
class Resource::Acquire {
public:
  [[nodiscard]] bool await_ready();
  void await_suspend(Process::Handle handle);
  [[nodiscard]] Lease await_resume();

private:
  friend class Resource;
  friend class Lease;
  friend struct Resource::State;

  Acquire(std::shared_ptr<State> of, double patience, double priority)
      : of_(std::move(of)), patience_(patience), priority_(priority) {}

  std::shared_ptr<State> of_;
  double patience_;
  double priority_;
  bool has_it_ = false;
};

} // namespace stos
