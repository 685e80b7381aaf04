#include "programs/stos/job_views.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::jobs;
using namespace stos::program;
using Catch::Contains;

namespace {

JobStatus half_done() {
  JobStatus job;
  job.id = {0x123};
  job.name = "count.py";
  job.language = "python";
  job.phase = Job::Phase::parts;
  job.parts = 10;
  job.parts_done = 5;
  job.copies_begun = 8;
  job.copies_lost = 1;
  job.progress = 0.5;
  job.nodes = 2;
  job.slots = 4;
  job.running = {{"mars", 6, 0.25, "line 7"}, {"earth", 7, 0, ""}, {"mars", 8, 0, ""}};
  return job;
}

} // namespace

TEST_CASE("a job is shown with its parts and where they run") {
  CHECK(jobs_as_text({}) == "there are no jobs\n");
  CHECK_THAT(jobs_as_text({half_done()}),
             Contains("0000000000000123  count.py  parts   5/10  50 %       0     1      2\n"));
  const std::string text = job_as_text(half_done());
  CHECK_THAT(text, Contains("job 0000000000000123  count.py  5 of 10 parts  50 %\n"));
  CHECK_THAT(text, Contains("1 lost with their nodes; the cluster runs 4 parts at a time on 2"));
  CHECK_THAT(text, Contains("  part 6 on mars  25 %  line 7\n"));
  CHECK_THAT(job_as_json(half_done()),
             Contains(R"({"node":"mars","task":"part 6","progress":0.25,"log":"line 7"})"));
}

TEST_CASE("what a job says of itself cannot disturb a terminal") {
  JobStatus job = half_done();
  job.running[0].log = "\033[2J";
  CHECK_THAT(job_as_text(job), !Contains("\033"));
}

TEST_CASE("the bar of a job has the time that is left, from the speed so far") {
  JobProgress progress;
  JobStatus job = half_done();
  CHECK(progress.line(&job, 100, 200) ==
        "count.py [##########..........]  5 of 10 parts  50 %  earth mars");
  job.progress = 0.75;
  CHECK_THAT(progress.line(&job, 110, 200), Contains("75 %  10s left  earth mars"));
  CHECK(progress.line(&job, 110, 12) == "count.py [##");
  job.slots = 0;
  CHECK_THAT(progress.line(&job, 111, 200), Contains("no node runs parts (jobs.enabled)"));
}

TEST_CASE("news of a job come when something has changed, once a second at most") {
  JobProgress progress;
  JobStatus job = half_done();
  CHECK(progress.news(nullptr, 10) == "");
  CHECK(progress.news(nullptr, 13) == "waits for a majority of nodes");
  CHECK(progress.news(&job, 13.5) == "");
  CHECK(progress.news(&job, 14.5) == "count.py: 5 of 10 parts");
  CHECK(progress.news(&job, 20) == "");
  job.parts_done = 6;
  CHECK(progress.news(&job, 21) == "count.py: 6 of 10 parts");
  job.phase = Job::Phase::done;
  CHECK(progress.news(&job, 21.1) == "count.py: done");
}
