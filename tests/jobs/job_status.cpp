// What tools and nodes say to each other about jobs.

#include "libstos/service/jobs/job_status.hpp"

#include <catch2/catch.hpp>

#include <span>

using namespace stos;
using namespace stos::jobs;

namespace {

JobStatus unusual_status() {
  JobStatus status;
  status.id = {7};
  status.name = "a.py";
  status.language = "python";
  status.phase = Job::Phase::reduction;
  status.parts = 3;
  status.parts_done = 2;
  status.copies_begun = 5;
  status.copies_failed = 1;
  status.copies_lost = 4;
  status.progress = 0.5;
  status.why = "why";
  status.result_bytes = 9;
  status.running = {{"mars", 1, 0.25, "log"}, {"earth", 2, 1, ""}};
  status.nodes = 2;
  status.slots = 6;
  return status;
}

template <class Decode>
void check_cut_off(const std::vector<std::byte>& bytes, Decode decode) {
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode(std::span(bytes).first(size)));
  std::vector<std::byte> longer = bytes;
  longer.push_back({});
  CHECK_FALSE(decode(longer));
}

} // namespace

TEST_CASE("statuses of jobs are read back, and nothing else is") {
  const std::vector<JobStatus> all = {unusual_status(), JobStatus{}};
  const std::vector<std::byte> bytes = encode(all);
  const auto read = decode_statuses(bytes);
  REQUIRE(read);
  CHECK(*read == all);
  check_cut_off(bytes, decode_statuses);
}

TEST_CASE("requests for jobs are read back, and nothing else is") {
  const JobSpec spec{"a.sh", "sh", "exit 1", {"1", ""}, {{"data", "x"}}, {1.5, 1 << 26, 3, 4}};
  const JobRequest request{JobRequest::What::submit, {5}, spec};
  const std::vector<std::byte> bytes = encode(request);
  const auto read = decode_request(bytes);
  REQUIRE(read);
  CHECK(read->what == request.what);
  CHECK(read->id == request.id);
  CHECK(read->spec == request.spec);
  check_cut_off(bytes, decode_request);
  std::vector<std::byte> unknown = encode(JobRequest{});
  REQUIRE(decode_request(unknown));
  unknown[0] = std::byte{5};
  CHECK_FALSE(decode_request(unknown));
}
