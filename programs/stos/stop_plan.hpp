#pragma once

#include <optional>

namespace stos::program {

/// Decides which signal all nodes get next, and when: after a failure they have a grace period to
/// end by themselves, then SIGTERM, then as long again, then SIGKILL.
///
/// Units:   seconds of any clock that does not go back, passed as `now_s`.
/// Threads: none inside.
class StopPlan {
public:
  explicit StopPlan(double grace_s) : grace_s_(grace_s) {}

  /// A node has failed: the others get the grace period. Later failures change nothing.
  void node_failed(double now_s);

  /// The time of the run is over: SIGTERM is due at once.
  void time_is_over(double now_s);

  /// The user has sent `signal`; returns what the nodes get. That is the same signal, and if it
  /// asks for an end the grace period begins; but a second SIGINT means SIGKILL.
  [[nodiscard]] int pass_on(int signal, double now_s);

  /// The signal that is due, once; 0 when none is.
  [[nodiscard]] int take_due(double now_s);

  /// When take_due() has something next.
  [[nodiscard]] std::optional<double> next_s() const { return next_s_; }

  /// Whether `signal` asks the nodes to end. The nodes know what to do with others.
  [[nodiscard]] static bool asks_for_end(int signal);

private:
  enum class Stage { running, grace, terminated, killed };

  double grace_s_;
  Stage stage_ = Stage::running;
  std::optional<double> next_s_; ///< when the next stage begins
  bool is_interrupted_ = false;
};

} // namespace stos::program
