#pragma once

#include "actors/coordination.hpp"
#include "actors/status/node_calls.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <thread>

namespace stos::detail {

/// The answer that a node has sent as bytes. Fails with bad_message if they are none.
[[nodiscard]] Result<coordination::Answer> answer_in(std::span<const std::byte> content);

/// The session of a CoordinationClient: requests by its threads, and the lease that its own thread
/// renews.
///
/// Threads: any; each waits for its own answer. The destructor closes the session.
class ClientSession {
public:
  ClientSession(std::unique_ptr<NodeCalls> calls, CoordinationClient::Options options);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  /// What changes nothing, or is a matter of the session itself. Asked until there is an answer.
  /// Fails as CoordinationClient does.
  [[nodiscard]] Result<coordination::Answer> look(const coordination::Request& request);

  /// What changes something, in the session that there is, or in a new one: done once.
  struct Changed {
    coordination::Answer answer;
    std::uint64_t session = 0; ///< its number among those of this object
    std::uint64_t sequence = 0;
  };
  [[nodiscard]] Result<Changed> change(coordination::Request request);

  /// Gives up a claim of the session of that number, if that is the one that there is.
  void release(std::uint64_t session, std::uint64_t claim);

  /// Whether the lease of that session has not ended, by this process's clock.
  [[nodiscard]] bool has_lease(std::uint64_t session) const;

private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Result<coordination::Answer> ask(const coordination::Request& request,
                                                 double more_s);
  [[nodiscard]] Result<void> open();
  void renew();
  void heard(const Changed& changed);
  [[nodiscard]] coordination::Request of_session(coordination::Request::What what) const;
  [[nodiscard]] Clock::time_point lease_from(Clock::time_point asked) const;

  const std::unique_ptr<NodeCalls> calls_;
  const CoordinationClient::Options options_;
  std::mutex opening_;       // held by the thread that opens a session
  mutable std::mutex mutex_; // of the following
  std::condition_variable changed_;
  coordination::SessionId id_; // 0: none
  std::uint64_t number_ = 0;
  Clock::time_point lease_until_{};
  Clock::time_point renew_next_{};
  std::uint64_t last_sequence_ = 0;
  std::set<std::uint64_t> under_way_; // sequence numbers without an answer
  bool closes_ = false;
  std::thread renewer_; // last
};

} // namespace stos::detail
