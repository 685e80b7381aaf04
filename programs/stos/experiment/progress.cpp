#include "programs/stos/experiment/progress.hpp"

#include "programs/stos/text_table.hpp"

namespace stos::program {

std::string progress_text(const SweepProgress& progress) {
  std::string text =
      std::to_string(progress.done) + " of " + std::to_string(progress.runs) + " runs";
  if (progress.failed > 0)
    text += ", " + std::to_string(progress.failed) + " failed";
  const std::size_t now = progress.done - progress.before;
  if (now > 0 && progress.done < progress.runs) {
    const double each_s = progress.elapsed_s / static_cast<double>(now);
    text +=
        ", " + duration_text(each_s * static_cast<double>(progress.runs - progress.done)) + " left";
  }
  return text;
}

std::string progress_bar(const SweepProgress& progress, std::size_t width) {
  const std::size_t filled = progress.runs > 0 ? width * progress.done / progress.runs : width;
  return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
         progress_text(progress);
}

} // namespace stos::program
