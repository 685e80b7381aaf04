#pragma once

#include "libstos/image/event_log.hpp"
#include "libstos/image/present.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/world.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// Runs a world of the past again, from one of its cuts to the time of a later one, and keeps what
/// each event has done.
///
/// Threads: none of its own; the run may have some.
class Rerun {
public:
  /// Runs a world on whatever its options want.
  using Run = std::function<void(World&)>;

  /// `world` has the model's space, constants and boundary, and outlives this.
  Rerun(const World& world, Run run, Cut from, double to);

  struct Outcome {
    std::string state; ///< the digest at the end; empty if the run has failed
    std::string problem;
    std::vector<EventLog::Event> events;
    std::optional<ValueTree> kept; ///< of the event that was to be kept
  };

  /// On so many workers; 0: serially.
  [[nodiscard]] Outcome once(std::uint32_t workers,
                             const std::optional<EventLog::Event>& kept = {}) const;

private:
  const World& world_;
  const Run run_;
  const double to_;
  std::shared_ptr<const Present> from_;
  RunOptions options_;
};

/// What two reruns of the same past tell, for people: whether they have come to the states `a` and
/// `b` of two runs; and, if they have parted, at which event, and in which of its fields. A line
/// each.
[[nodiscard]] std::vector<std::string> compare_reruns(const Rerun& rerun, std::uint32_t workers,
                                                      const std::string& a, const std::string& b);

} // namespace stos::detail
