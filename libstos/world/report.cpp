#include "libstos/world/report.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/base/hexadecimal.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <tuple>

namespace stos {
namespace {

template <class T>
std::optional<std::string> number_text(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const std::optional<T> number = load_new<T>(in);
  if (!number || !in.at_end())
    return std::nullopt;
  return exact_text(*number);
}

template <class... T>
std::optional<std::string> number_text_of_size(std::span<const std::byte> bytes) {
  std::optional<std::string> text;
  static_cast<void>(((sizeof(T) == bytes.size() && (text = number_text<T>(bytes), true)) || ...));
  return text;
}

std::optional<std::string> plain_text(const Report& report) {
  switch (report.type) {
    case ReportType::other: break;
    case ReportType::boolean:
      if (report.value.size() == 1)
        return report.value.front() == std::byte{0} ? "false" : "true";
      break;
    case ReportType::integer:
      return number_text_of_size<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(
          report.value);
    case ReportType::natural:
      return number_text_of_size<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(
          report.value);
    case ReportType::real: return number_text_of_size<float, double>(report.value);
    case ReportType::text: {
      BytesReader in(report.value);
      std::optional<std::string> text = load_new<std::string>(in);
      if (in.at_end())
        return text;
    }
  }
  return std::nullopt;
}

} // namespace

bool is_earlier_report(const Report& a, const Report& b) {
  return std::tie(a.time, a.agent, a.ordinal) < std::tie(b.time, b.agent, b.ordinal);
}

std::uint64_t hash_of(const Report& report) {
  const std::uint64_t name = mix64(report.agent.value + mix64(report.ordinal));
  const std::uint64_t time = std::bit_cast<std::uint64_t>(report.time);
  return hash_bytes(report.value, mix64(name + mix64(time + hash_text(report.topic))));
}

std::string value_text(const Report& report) {
  const std::optional<std::string> text = plain_text(report);
  return text ? *text : "0x" + hexadecimal(report.value);
}

std::string csv_of(const Reports& reports) {
  std::string text = "time,agent,topic,value\n";
  for (const Report& report : reports.all()) {
    text += exact_text(report.time) + ',' + exact_text(report.agent.value) + ',';
    text += csv_field(report.topic) + ',' + csv_field(value_text(report)) + '\n';
  }
  return text;
}

Reports::Reports(std::vector<Report> reports) : reports_(std::move(reports)) {
  std::sort(reports_.begin(), reports_.end(), is_earlier_report);
}

} // namespace stos
