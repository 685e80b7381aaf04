#pragma once

#include "libstos/base/usage_error.hpp"
#include "libstos/model/process.hpp"
#include "libstos/model/statistics.hpp"

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

namespace stos {

/// Things that processes of an agent put into and take out of, first come, first served: a
/// warehouse, a belt, a mailbox. It holds at most `capacity`.
/// @code
///   Store<Part> parts{*this, 10};        // a member of a ProcessAgent
///   co_await parts.put(Part{7});         // in a process of it: waits for room
///   Part part = co_await parts.get();    // waits for one
///   bool done = parts.offer(Part{8});    // anywhere: if there is room
/// @endcode
///
/// Order:   who waits longest goes first, at either end; things come out in the order in which they
///          went in, also those that had to wait for room.
/// Units:   seconds of the agent's own clock.
/// Threads: those of its agent's events.
/// Errors:  UsageError (bad_argument) for a capacity of 0.
template <class T>
class Store {
public:
  explicit Store(Processes& agent, std::size_t capacity = std::numeric_limits<std::size_t>::max())
      : host_(agent), capacity_(capacity), level_(agent.process_time()) {
    if (capacity == 0)
      throw UsageError(Errc::bad_argument, "a store has a capacity of at least 1, not 0");
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] std::size_t size() const { return things_.size(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t getters_waiting() const { return getters_.size(); }
  [[nodiscard]] std::size_t putters_waiting() const { return putters_.size(); }

  /// How much was in it over time, and for how long those have waited who took something out.
  [[nodiscard]] const Level& level() const { return level_; }
  [[nodiscard]] const Tally& waits() const { return waits_; }

  /// Puts `thing` into it if there is room, and says whether there was.
  bool offer(T thing) {
    if (!getters_.empty()) {
      Getter getter = getters_.front();
      getters_.pop_front();
      waits_.add(host_.process_time() - getter.since);
      getter.into->emplace(std::move(thing));
      host_.wake(getter.wait);
      return true;
    }
    if (things_.size() >= capacity_)
      return false;
    things_.push_back(std::move(thing));
    note();
    return true;
  }

  /// For co_await: the first thing in it.
  [[nodiscard]] auto get() {
    struct Get {
      Store& store;
      std::optional<T> thing;

      [[nodiscard]] bool await_ready() {
        thing = store.take();
        return thing.has_value();
      }
      void await_suspend(Process::Handle handle) {
        store.getters_.push_back({store.host_.wait_at(handle), store.host_.process_time(), &thing});
      }
      [[nodiscard]] T await_resume() { return std::move(*thing); }
    };
    return Get{*this, {}};
  }

  /// For co_await: goes on once `thing` is in it.
  [[nodiscard]] auto put(T thing) {
    struct Put {
      Store& store;
      T thing;

      [[nodiscard]] bool await_ready() {
        if (!store.has_room())
          return false;
        store.offer(std::move(thing));
        return true;
      }
      void await_suspend(Process::Handle handle) {
        store.putters_.push_back({store.host_.wait_at(handle), &thing});
      }
      void await_resume() const {}
    };
    return Put{*this, std::move(thing)};
  }

private:
  // What these point to is in a coroutine, which stays where it is while it waits.
  struct Getter {
    ProcessWait wait;
    double since;
    std::optional<T>* into;
  };
  struct Putter {
    ProcessWait wait;
    T* thing;
  };

  [[nodiscard]] bool has_room() const { return !getters_.empty() || things_.size() < capacity_; }
  void note() { level_.set(host_.process_time(), static_cast<double>(things_.size())); }

  std::optional<T> take() {
    if (things_.empty())
      return std::nullopt;
    std::optional<T> first(std::move(things_.front()));
    things_.pop_front();
    waits_.add(0);
    if (!putters_.empty()) {
      const Putter putter = putters_.front();
      putters_.pop_front();
      things_.push_back(std::move(*putter.thing));
      host_.wake(putter.wait);
    }
    note();
    return first;
  }

  Processes& host_;
  std::size_t capacity_;
  std::deque<T> things_;
  std::deque<Getter> getters_;
  std::deque<Putter> putters_;
  Level level_;
  Tally waits_;
};

/// `Order order = co_await receive<Order>()`: the next one that was given to the agent's
/// ProcessAgent::deliver().
template <class T>
[[nodiscard]] auto receive() {
  struct Receive {
    std::optional<decltype(std::declval<Store<T>&>().get())> wait;

    [[nodiscard]] bool await_ready() const { return false; }
    [[nodiscard]] bool await_suspend(Process::Handle handle) {
      wait.emplace(handle.promise().host->template box<Store<T>>().get());
      if (wait->await_ready())
        return false;
      wait->await_suspend(handle);
      return true;
    }
    [[nodiscard]] T await_resume() { return wait->await_resume(); }
  };
  return Receive{};
}

} // namespace stos
