#include "programs/stos/svg.hpp"

#include "libstos/base/utf8.hpp"

#include <cmath>

namespace stos::program::svg {

std::string escape(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t bytes = detail::utf8_sequence_bytes(text);
    const auto lead = static_cast<unsigned char>(text.front());
    switch (text.front()) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += bytes == 0 || lead < 0x20 || lead == 0x7f ? "?" : text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return escaped;
}

std::string shortened(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) // not inside a letter
    --end;
  return text.substr(0, end) + "\u2026";
}

std::string text(double x, double y, const char* attributes, std::string_view content) {
  return format("<text x=\"%.1f\" y=\"%.1f\"%s%s>", x, y, *attributes != '\0' ? " " : "",
                attributes) +
         escape(content) + "</text>\n";
}

Range Range::widened(double share) const {
  if (!(max >= min))
    return {0, 1};
  const double largest = std::max(std::abs(min), std::abs(max));
  if (size() <= largest * 1e-12) // one place, but for rounding
    return {min - std::max(1.0, largest * 1e-6), max + std::max(1.0, largest * 1e-6)};
  return {min - size() * share, max + size() * share};
}

Ticks::Ticks(const Range& range, int wanted) {
  const double raw = range.size() / wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  const double first = std::ceil(range.min / step);
  for (int i = 0; i <= 2 * wanted && (first + i) * step <= range.max; ++i)
    values.push_back((first + i) * step);
}

std::string Ticks::label(double value) const {
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12);
  const bool is_plain = std::abs(value) < 1e7 && step > 1e-7;
  const double shown = std::abs(value) < step / 2 ? 0 : value; // no "-0"
  return is_plain ? format("%.*f", decimals, shown) : format("%.10g", shown);
}

} // namespace stos::program::svg
