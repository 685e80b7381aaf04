#include "actors/run/interrupted.hpp"

#include "config/interruption.hpp"
#include "libstos/base/exact_text.hpp"

#include <csignal>

namespace stos::detail {

std::optional<Failure> interrupted(std::optional<Failure> failure, const RunCounters& counters) {
  const int signal = Interruption::signal();
  if (failure || signal == 0)
    return failure;
  return Failure{{Instant::never(), {}, {}, 0},
                 {Errc::interrupted, std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") +
                                         " has ended the run; the last event here was at " +
                                         exact_text(counters.last_event_time) + " s"}};
}

} // namespace stos::detail
