#pragma once

#include "libstos/service/coordination/request.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::coordination {

/// One client of locks and shared values, as its owner drives it: it has a session from its first
/// request on, renews the lease, numbers what it asks for, and asks again until there is an answer.
///
/// When the lease has ended, by what a node says or by the owner's clock, is_over() for good: all
/// that has no answer is answered so, and nothing that was held is held any more.
///
/// Time:    seconds, a parameter; only goes forward.
/// Threads: none inside.
/// Limits:  `requests_max` at a time.
class Caller {
public:
  static constexpr std::size_t requests_max = 32;
  static constexpr double margin = 0.9; ///< of a lease that counts: clocks may run differently
  static constexpr std::uint32_t patience_ms = 1000; ///< in which a node answers that waits

  Caller(SessionId session, std::string name, std::uint32_t lease_ms)
      : session_(session), name_(std::move(name)), lease_ms_(lease_ms) {}

  // ---- inputs

  /// `number` is the client's own; no request has it again. The request has no session, and as the
  /// `claim` to be released the number of its acquire.
  void want(std::uint64_t number, Request request);
  /// What a node has answered to a request of the output.
  void hear(std::uint64_t call, const Answer& answer, double now_s);
  /// After any other input, and every now and then.
  void step(double now_s);

  // ---- outputs

  struct Output {
    std::vector<std::pair<std::uint64_t, Request>> to_ask; ///< any node, one answer each
    std::vector<std::pair<std::uint64_t, Answer>> answers; ///< by the client's number
  };
  [[nodiscard]] Output take_output() { return std::exchange(output_, {}); }

  [[nodiscard]] bool is_over() const { return state_ == State::over; }
  /// Whether it had a lock when the lease was over.
  [[nodiscard]] bool has_lost_locks() const { return is_over() && !held_.empty(); }
  /// What is to be asked when the client is gone; nothing if there is no session.
  [[nodiscard]] std::optional<Request> closing() const;

private:
  enum class State { none, opening, open, over };
  struct Wanted {
    std::uint64_t number;
    Request request;
    std::optional<std::uint64_t> call; // under way
    double next_s = 0;
    bool waits = false; // the cluster has its claim
  };

  void end();
  void answer(std::uint64_t number, const Request& request, const Answer& answer);
  [[nodiscard]] std::uint64_t done_below() const;
  [[nodiscard]] Request lease_request(Request::What what) const;

  const SessionId session_;
  const std::string name_;
  const std::uint32_t lease_ms_;
  State state_ = State::none;
  std::map<std::uint64_t, Wanted> wanted_;        // by order of coming
  std::map<std::uint64_t, std::uint64_t> claims_; // sequence numbers, by the client's number
  std::map<std::uint64_t, std::uint64_t> held_;   // fences, by the client's number
  std::uint64_t last_wanted_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_call_ = 0;
  std::optional<std::uint64_t> lease_call_; // open or renew, under way
  double lease_asked_s_ = 0;                // for the first time
  double lease_next_s_ = 0;
  double lease_until_s_ = 0;
  Output output_;
};

} // namespace stos::coordination
