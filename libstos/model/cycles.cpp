#include "libstos/model/cycles.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace stos {

Cycles::Cycles(double length, double begin) : length_(length), begin_(begin) {
  if (!(length > 0) || !std::isfinite(length) || !std::isfinite(begin))
    throw UsageError(Errc::bad_argument, "a cycle of " + exact_text(length) + " s from " +
                                             exact_text(begin) +
                                             " s on; wanted: a length above 0, and finite times");
}

// The quotient may be rounded to the next whole number; the beginnings decide.
std::int64_t Cycles::of(double time) const {
  const double quotient = std::floor((time - begin_) / length_);
  if (!(std::abs(quotient) < 0x1p52))
    throw UsageError(Errc::bad_argument, "in which cycle of " + exact_text(length_) + " s is " +
                                             exact_text(time) +
                                             " s? Wanted: a time less than 2^52 cycles away");
  auto cycle = static_cast<std::int64_t>(quotient);
  while (time < begin_of(cycle))
    --cycle;
  while (time >= begin_of(cycle + 1))
    ++cycle;
  return cycle;
}

bool detail::RunningCycle::go_on_to(double time, const char* what) {
  const std::int64_t cycle = cycles_.of(time);
  if (cycle < number_)
    throw UsageError(Errc::bad_argument, std::string(what) + " at " + exact_text(time) +
                                             " s, in cycle " + std::to_string(cycle) +
                                             "; wanted: cycle " + std::to_string(number_) +
                                             " or later, which has begun already");
  return std::exchange(number_, cycle) != cycle;
}

} // namespace stos
