#pragma once

#include "libstos/service/keyed/node.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace stos::detail {

/// Where threads leave what they want of the host of replicated agents of their process.
///
/// Each wish is answered once, on the host's thread as a rule: an answer must not wait for another
/// one, and is to be short.
///
/// Threads: all functions may be called from any thread.
class HostDoor {
public:
  using Clock = std::chrono::steady_clock;
  using Then = std::function<void(keyed::Answer)>;

  /// For the leader of a group.
  struct Question {
    raft::GroupId group;
    keyed::Ask::Kind kind = keyed::Ask::Kind::item;
    std::vector<std::byte> body;
    std::optional<std::uint64_t> hash = std::nullopt; ///< instead of the group: that which owns it
  };
  using What = std::variant<keyed::Call, Question, keyed::Transaction>;
  struct Wish {
    What what;
    Clock::time_point until;
    Then then;
  };

  /// A command, a query, a question or a transaction.
  void ask(What what, std::chrono::milliseconds patience, Then then);

  /// The same, for a thread that waits for the answer. (The host's own would wait for ever: it is
  /// refused.)
  [[nodiscard]] keyed::Answer wait(What what, std::chrono::milliseconds patience);

  /// What the host is like: of the last second.
  [[nodiscard]] keyed::HostingStatus status() const;

  // ---- for the host
  // ------------------------------------------------------------------------------

  /// `host` gets a LookMessage when there is something to take; on this thread it does so.
  void open(caf::actor host);
  [[nodiscard]] std::vector<Wish> take();
  void show(const keyed::HostingStatus& status);
  /// The host is no more, for this reason: what comes, or has come, is answered with it.
  void shut(const std::string& why);

private:
  mutable std::mutex mutex_;
  std::vector<Wish> wishes_;
  caf::actor host_;
  std::thread::id host_thread_;
  std::optional<std::string> why_shut_;
  keyed::HostingStatus status_;
};

} // namespace stos::detail
