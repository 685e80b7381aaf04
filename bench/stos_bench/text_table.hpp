#pragma once

#include <string>
#include <vector>

namespace stos::bench {

/// Rows of texts: the first column is aligned to the left, the others to the right.
class TextTable {
public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }

  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] std::string to_markdown() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// `value` with so many digits after the point; "" for what was not measured (0 or not a number).
[[nodiscard]] std::string show(double value, int digits);

} // namespace stos::bench
