#include "libstos/service/jobs/job_status.hpp"

#include <utility>

namespace stos::jobs {
namespace {

void write_running(const JobStatus::Running& running, BytesWriter& out) {
  out.text(running.node);
  out.varint(running.task);
  out.f64(running.progress);
  out.text(running.log);
}

JobStatus::Running read_running(BytesReader& in) {
  JobStatus::Running running;
  running.node = in.text();
  running.task = static_cast<std::uint32_t>(in.varint());
  running.progress = in.f64();
  running.log = in.text();
  return running;
}

void write_status(const JobStatus& status, BytesWriter& out) {
  out.u64(status.id.value);
  out.text(status.name);
  out.text(status.language);
  out.u8(static_cast<std::uint8_t>(status.phase));
  for (const std::uint32_t number : {status.parts, status.parts_done, status.copies_begun,
                                     status.copies_failed, status.copies_lost})
    out.u32(number);
  out.f64(status.progress);
  out.text(status.why);
  out.u64(status.result_bytes);
  out.varint(status.running.size());
  for (const JobStatus::Running& running : status.running)
    write_running(running, out);
  out.u32(status.nodes);
  out.u32(status.slots);
}

JobStatus read_status(BytesReader& in) {
  constexpr std::size_t least_bytes = 11; // of one that runs
  JobStatus status;
  status.id = {in.u64()};
  status.name = in.text();
  status.language = in.text();
  const std::uint8_t phase = in.u8();
  if (phase > static_cast<std::uint8_t>(Job::Phase::cancelled))
    in.fail();
  status.phase = static_cast<Job::Phase>(phase);
  for (std::uint32_t* number : {&status.parts, &status.parts_done, &status.copies_begun,
                                &status.copies_failed, &status.copies_lost})
    *number = in.u32();
  status.progress = in.f64();
  status.why = in.text();
  status.result_bytes = in.u64();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left)
    status.running.push_back(read_running(in));
  status.nodes = in.u32();
  status.slots = in.u32();
  return status;
}

} // namespace

std::vector<std::byte> encode(const JobRequest& request) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(request.what));
  out.u64(request.id.value);
  if (request.what == JobRequest::What::submit)
    write_spec(request.spec, out);
  return out.take();
}

Result<JobRequest> decode_request(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  JobRequest request;
  const std::uint8_t what = in.u8();
  request.what = static_cast<JobRequest::What>(what);
  request.id = {in.u64()};
  if (request.what == JobRequest::What::submit)
    request.spec = read_spec(in);
  if (!in.at_end() || what > static_cast<std::uint8_t>(JobRequest::What::list))
    return Error{Errc::bad_message, "no request for a job"};
  return request;
}

std::vector<std::byte> encode(const std::vector<JobStatus>& statuses) {
  BytesWriter out;
  out.varint(statuses.size());
  for (const JobStatus& status : statuses)
    write_status(status, out);
  return out.take();
}

Result<std::vector<JobStatus>> decode_statuses(std::span<const std::byte> bytes) {
  constexpr std::size_t least_bytes = 50;
  BytesReader in(bytes);
  std::vector<JobStatus> statuses;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left)
    statuses.push_back(read_status(in));
  if (!in.at_end())
    return Error{Errc::bad_message, "no list of jobs"};
  return statuses;
}

} // namespace stos::jobs
