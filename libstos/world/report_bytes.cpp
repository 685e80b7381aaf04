#include "libstos/world/report_bytes.hpp"

namespace stos::detail {

void write_reports(std::span<const Report> reports, BytesWriter& out) {
  out.varint(reports.size());
  for (const Report& report : reports) {
    out.text(report.topic);
    out.u64(report.agent.value);
    out.f64(report.time);
    out.varint(report.ordinal);
    out.u8(static_cast<std::uint8_t>(report.type));
    out.varint(report.value.size());
    out.raw(report.value);
  }
}

void read_reports(std::vector<Report>& reports, BytesReader& in) {
  constexpr std::size_t bytes_each = 20;
  for (std::size_t left = in.count(bytes_each); left > 0 && in.ok(); --left) {
    Report& report = reports.emplace_back();
    report.topic = in.text();
    report.agent.value = in.u64();
    report.time = in.f64();
    report.ordinal = in.varint();
    const std::uint8_t type = in.u8();
    if (type > static_cast<std::uint8_t>(ReportType::text))
      in.fail();
    else
      report.type = static_cast<ReportType>(type);
    const auto value = in.raw(in.count(1));
    report.value.assign(value.begin(), value.end());
  }
}

} // namespace stos::detail
