#pragma once

#include <string>

namespace stos::bench {

/// What the machine gives at this moment: to be printed beside every figure, before and after.
///
/// A virtual machine may move while one measures. The round trip tells whether its processors share
/// a cache, and rates of several threads change with it severalfold.
struct Calibration {
  double multiply_ns = 0;      ///< one step of dependent integer arithmetic
  double random_access_ns = 0; ///< one dependent read somewhere in 64 MiB
  double round_trip_ns = 0;    ///< from one processor to another and back; 0 on a single one

  [[nodiscard]] std::string to_string() const;
};

/// Takes about half a second, in a child process.
[[nodiscard]] Calibration calibrate();

} // namespace stos::bench
