#include "config/spelling.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace stos::detail {
namespace {

constexpr std::size_t shown_bytes_max = 60;
constexpr std::size_t name_bytes_max = 100; // no known name is near that long; bounds the distance

/// Levenshtein distance (Wagner and Fischer 1974), one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view after_last(std::string_view name, char separator) {
  const auto at = name.rfind(separator);
  return at == std::string_view::npos ? name : name.substr(at + 1);
}

/// Whether `given` is `known` without its last words: "--end" of "--end-time".
bool is_begun(std::string_view given, std::string_view known) {
  const bool has_word = given.find_last_not_of("-_.") != std::string_view::npos;
  return has_word && known.size() > given.size() && known.starts_with(given) &&
         std::string_view("-_.").find(known[given.size()]) != std::string_view::npos;
}

/// How far `given` is from `known`; a right last part in the wrong place counts as one slip, and so
/// do last words that are missing.
std::size_t name_distance(std::string_view given, std::string_view known) {
  if (is_begun(given, known))
    return 1;
  const std::size_t whole = edit_distance(given, known);
  const std::size_t last = edit_distance(after_last(given, '.'), after_last(known, '.'));
  return std::min(whole, last + 1);
}

} // namespace

std::string nearest_name(std::string_view given, std::span<const std::string> known) {
  if (given.size() > name_bytes_max)
    return "";
  // A third of the letters may be wrong: more, and the suggestion is a guess that misleads.
  const std::size_t slips_max = std::max<std::size_t>(2, after_last(given, '.').size() / 3);
  std::string nearest;
  std::size_t nearest_slips = slips_max + 1;
  for (const std::string& name : known) {
    const std::size_t slips = name_distance(given, name);
    if (slips < nearest_slips) {
      nearest = name;
      nearest_slips = slips;
    }
  }
  return nearest;
}

std::string spelling_hint(std::string_view given, std::span<const std::string> known) {
  if (const std::string nearest = nearest_name(given, known); !nearest.empty())
    return "; did you mean " + quote(nearest) + "?";
  std::string hint = "; known:";
  for (const std::string& name : known)
    hint += (&name == &known.front() ? " " : ", ") + name;
  return hint;
}

std::string quote(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string shown = "\"";
  for (const char c : text.substr(0, shown_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f)
      shown += c;
    else
      shown += std::string("\\x") + digits[byte / 16] + digits[byte % 16];
  }
  return shown + (text.size() > shown_bytes_max ? "...\"" : "\"");
}

} // namespace stos::detail
