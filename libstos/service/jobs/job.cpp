#include "libstos/service/jobs/job.hpp"

#include <algorithm>
#include <charconv>

namespace stos::jobs {
namespace {

constexpr double time_s_min = 0.1;
constexpr double time_s_max = 604'800;
constexpr std::uint64_t memory_bytes_min = std::uint64_t{16} << 20;
constexpr std::uint64_t memory_bytes_max = std::uint64_t{1} << 40;
constexpr std::uint32_t retries_max = 100;
constexpr std::size_t name_bytes_max = 200;

Error wrong(std::string text) { return {Errc::bad_argument, std::move(text)}; }

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) {
           return c != '/' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

} // namespace

std::string to_string(JobId id) {
  constexpr std::size_t digits = 16;
  std::string text(digits, '0');
  for (std::size_t i = 0; i < digits; ++i)
    text[digits - 1 - i] = "0123456789abcdef"[id.value >> (4 * i) & 0xf];
  return text;
}

Result<JobId> job_id_from(std::string_view text) {
  JobId id;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id.value, 16);
  if (problem != std::errc() || end != text.data() + text.size() || id.value == 0)
    return wrong("\"" + std::string(text) +
                 "\" names no job; wanted: up to 16 hexadecimal digits, as stos job list has them");
  return id;
}

Result<void> check(const JobSpec& spec) {
  if (!is_name(spec.name))
    return wrong("the script has no name; wanted: 1 to 200 characters without /");
  if (!is_name(spec.language))
    return wrong("the job has no language");
  if (spec.arguments.size() > JobSpec::arguments_max)
    return wrong(std::to_string(spec.arguments.size()) + " arguments, the limit is " +
                 std::to_string(JobSpec::arguments_max));
  if (spec.files.size() > JobSpec::files_max)
    return wrong(std::to_string(spec.files.size()) + " files, the limit is " +
                 std::to_string(JobSpec::files_max));
  std::size_t bytes = spec.script.size();
  for (const std::string& argument : spec.arguments)
    bytes += argument.size();
  for (const auto& [name, content] : spec.files) {
    if (!is_name(name) || name == spec.name)
      return wrong("a file cannot be called \"" + name + "\" beside script " + spec.name);
    bytes += name.size() + content.size();
  }
  if (bytes > JobSpec::bytes_max)
    return wrong("script, arguments and files have " + std::to_string(bytes) +
                 " bytes, the limit is " + std::to_string(JobSpec::bytes_max) +
                 "; what is larger has to lie where all nodes see it");
  const PartLimits& limits = spec.limits;
  if (!(limits.time_s >= time_s_min && limits.time_s <= time_s_max))
    return wrong("the limit of time is not from 0.1 s to 7 days");
  if (limits.memory_bytes < memory_bytes_min || limits.memory_bytes > memory_bytes_max)
    return wrong("the limit of memory is " + std::to_string(limits.memory_bytes) +
                 " bytes; wanted: 16 MiB to 1 TiB");
  if (limits.retries > retries_max)
    return wrong(std::to_string(limits.retries) + " retries, the limit is " +
                 std::to_string(retries_max));
  return {};
}

void write_spec(const JobSpec& spec, BytesWriter& out) {
  out.text(spec.name);
  out.text(spec.language);
  out.text(spec.script);
  out.varint(spec.arguments.size());
  for (const std::string& argument : spec.arguments)
    out.text(argument);
  out.varint(spec.files.size());
  for (const auto& [name, content] : spec.files) {
    out.text(name);
    out.text(content);
  }
  out.f64(spec.limits.time_s);
  out.varint(spec.limits.memory_bytes);
  out.u32(spec.limits.parts_at_once);
  out.u32(spec.limits.retries);
}

JobSpec read_spec(BytesReader& in) {
  JobSpec spec;
  spec.name = in.text();
  spec.language = in.text();
  spec.script = in.text();
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    spec.arguments.push_back(in.text());
  for (std::size_t left = in.count(2); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    spec.files[std::move(name)] = in.text();
  }
  spec.limits.time_s = in.f64();
  spec.limits.memory_bytes = in.varint();
  spec.limits.parts_at_once = in.u32();
  spec.limits.retries = in.u32();
  return spec;
}

} // namespace stos::jobs
