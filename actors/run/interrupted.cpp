#include "actors/run/interrupted.hpp"

#include "config/interruption.hpp"
#include "libstos/base/exact_text.hpp"

#include <csignal>

namespace stos::detail {

std::optional<Failure> why_ended(std::optional<Failure> of_model, const Observers& observers,
                                 std::optional<Failure> of_cuts, const RunCounters& counters) {
  if (const auto& failure = observers.failure(); failure && !of_model)
    of_model = {{Instant::before(failure->time), failure->agent, {}, 0}, failure->error};
  const int signal = Interruption::signal();
  if (of_model || of_cuts || signal == 0)
    return of_model ? of_model : of_cuts;
  return Failure{{Instant::never(), {}, {}, 0},
                 {Errc::interrupted, std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") +
                                         " has ended the run; the last event here was at " +
                                         exact_text(counters.last_event_time) + " s"}};
}

} // namespace stos::detail
