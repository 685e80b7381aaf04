#include "bench/stos_bench/text_table.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace stos::bench {

std::string TextTable::to_text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::ostringstream text;
  for (const auto& row : rows_) {
    std::ostringstream line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line << (i == 0 ? std::left : std::right) << std::setw(static_cast<int>(widths[i])) << row[i]
           << "  ";
    std::string shown = line.str();
    shown.erase(shown.find_last_not_of(' ') + 1);
    text << shown << '\n';
  }
  return text.str();
}

std::string TextTable::to_markdown() const {
  std::ostringstream text;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (const std::string& cell : rows_[r])
      text << "| " << cell << ' ';
    text << "|\n";
    if (r > 0)
      continue;
    for (std::size_t i = 0; i < rows_[r].size(); ++i)
      text << (i == 0 ? "|---" : "|---:");
    text << "|\n";
  }
  return text.str();
}

std::string show(double value, int digits) {
  if (value == 0 || !std::isfinite(value))
    return "";
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

} // namespace stos::bench
