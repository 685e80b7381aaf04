#pragma once

#include <cstddef>
#include <string>

namespace stos::program {

/// How far an experiment is.
struct SweepProgress {
  std::size_t runs = 0;
  std::size_t done = 0;   ///< of them, the ones that had been done before among them
  std::size_t failed = 0; ///< of those
  std::size_t before = 0; ///< done before this process has begun
  double elapsed_s = 0;   ///< since it has
};

/// "12 of 24 runs, 1 failed, 8s left": what is left is as what this process has done.
[[nodiscard]] std::string progress_text(const SweepProgress& progress);

/// The same behind a bar of `width` characters.
[[nodiscard]] std::string progress_bar(const SweepProgress& progress, std::size_t width);

} // namespace stos::program
