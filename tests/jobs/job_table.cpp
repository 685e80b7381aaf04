#include "libstos/service/jobs/job_table.hpp"

#include "libstos/base/random.hpp"
#include "libstos/service/jobs/schedule.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace stos::jobs {
namespace {

constexpr JobId job_a{10};
constexpr JobId job_b{11};
constexpr Worker worker_a{{1}, 100};
constexpr Worker worker_b{{2}, 200};

JobSpec spec() {
  JobSpec spec;
  spec.name = "count.py";
  spec.language = "python";
  spec.script = "...";
  return spec;
}

/// A table with a job whose split has made `parts` parts.
JobTable with_parts(std::size_t parts, bool has_reduce = true) {
  JobTable table;
  table.apply(JobTable::submission(job_a, spec()));
  table.apply(table.assignments({{job_a, 0, worker_a}}));
  PartEnd split;
  split.is_good = true;
  split.parts.assign(parts, "1");
  split.has_reduce = has_reduce;
  table.apply(JobTable::ending(job_a, table.last_copy(), split));
  return table;
}

PartEnd good(const std::string& result, double seconds = 1) {
  PartEnd end;
  end.is_good = true;
  end.result = result;
  end.seconds = seconds;
  return end;
}

PartEnd bad(const std::string& why) {
  PartEnd end;
  end.why = why;
  return end;
}

std::uint64_t begin(JobTable& table, std::uint32_t task, Worker worker) {
  table.apply(table.assignments({{job_a, task, worker}}));
  return table.last_copy();
}

stos::detail::View view(std::uint64_t epoch, const std::vector<Worker>& workers) {
  stos::detail::View view;
  view.epoch = epoch;
  for (const Worker& worker : workers)
    view.members.push_back({worker.node, "n" + raft::to_string(worker.node), {}, worker.life});
  return view;
}

TEST_CASE("A job is its split, its parts and the reduction of their results") {
  JobTable table = with_parts(2);
  CHECK(table.find(job_a)->phase == Job::Phase::parts);
  table.apply(JobTable::ending(job_a, begin(table, 2, worker_a), good("20")));
  table.apply(JobTable::ending(job_a, begin(table, 1, worker_b), good("10")));
  CHECK(table.find(job_a)->phase == Job::Phase::reduction);
  table.apply(JobTable::ending(job_a, begin(table, 3, worker_b), good("30")));
  CHECK(table.find(job_a)->phase == Job::Phase::done);
  CHECK(table.find(job_a)->result == "30");
  CHECK(table.copies().empty());
}

TEST_CASE("Without a reduction the result is the list of results in the order of the parts") {
  JobTable table = with_parts(2, false);
  table.apply(JobTable::ending(job_a, begin(table, 2, worker_a), good("{\"b\":2}")));
  table.apply(JobTable::ending(job_a, begin(table, 1, worker_b), good("\"a\"")));
  CHECK(table.find(job_a)->result == "[\"a\",{\"b\":2}]");
}

TEST_CASE("Of two results of one part the first counts, and one that comes twice counts once") {
  JobTable table = with_parts(2, false);
  const std::uint64_t first = begin(table, 1, worker_a);
  const std::uint64_t second = begin(table, 1, worker_b);
  REQUIRE(first != second);
  const std::vector<std::byte> faster = JobTable::ending(job_a, second, good("2"));
  table.apply(faster);
  table.apply(faster);
  table.apply(JobTable::ending(job_a, first, good("1")));
  CHECK(table.find(job_a)->parts_done == 1);
  CHECK(table.find(job_a)->tasks[1].result == "2");
}

TEST_CASE("A part has two copies at most, and never two on one node") {
  JobTable table = with_parts(1);
  const std::uint64_t first = begin(table, 1, worker_a);
  CHECK(begin(table, 1, worker_a) == first);
  CHECK(begin(table, 1, worker_b) == first + 1);
  CHECK(begin(table, 1, Worker{{3}, 300}) == first + 1);
}

TEST_CASE("Assignments that another leader has made from an older table have no effect") {
  JobTable table = with_parts(2);
  const std::vector<std::byte> one = table.assignments({{job_a, 1, worker_a}});
  const std::vector<std::byte> other = table.assignments({{job_a, 2, worker_a}});
  table.apply(one);
  table.apply(other);
  table.apply(one);
  CHECK(table.copies().size() == 1);
  const std::vector<std::byte> before_the_view = table.assignments({{job_a, 2, worker_b}});
  table.enter(view(2, {worker_a}));
  table.apply(before_the_view);
  CHECK(table.copies().size() == 1);
}

TEST_CASE(
    "A view without a process takes its parts away from it, whatever the process says later") {
  JobTable table = with_parts(1);
  const std::uint64_t lost = begin(table, 1, worker_a);
  table.enter(view(2, {{worker_a.node, worker_a.life + 1}, worker_b}));
  CHECK(table.copies().empty());
  CHECK(table.find(job_a)->copies_lost == 1);
  table.apply(JobTable::ending(job_a, lost, good("1")));
  CHECK(table.find(job_a)->parts_done == 0);
}

TEST_CASE("A part whose nodes are lost again and again ends its job") {
  JobTable table = with_parts(1);
  for (std::uint64_t epoch = 2; epoch <= 2 + JobTable::losses_max; ++epoch) {
    REQUIRE_FALSE(table.find(job_a)->is_over());
    begin(table, 1, worker_a);
    table.enter(view(epoch, {worker_b}));
  }
  CHECK(table.find(job_a)->phase == Job::Phase::failed);
  CHECK(table.find(job_a)->why == "part 1 of 1 was lost 6 times with the node that ran it");
}

TEST_CASE("A part that fails is tried again so many times, and its last reason is the job's") {
  JobTable table = with_parts(2);
  for (int i = 1; i <= 3; ++i)
    table.apply(
        JobTable::ending(job_a, begin(table, 2, worker_a), bad("why " + std::to_string(i))));
  CHECK(table.find(job_a)->why == "part 2 of 2 has failed, 3 times: why 3");
}

TEST_CASE("A cancelled job has no copies, and what they say later has no effect") {
  JobTable table = with_parts(1);
  const std::uint64_t copy = begin(table, 1, worker_a);
  table.apply(JobTable::cancellation(job_a));
  CHECK(table.copies().empty());
  table.apply(JobTable::ending(job_a, copy, good("1")));
  CHECK(table.find(job_a)->phase == Job::Phase::cancelled);
  table.apply(JobTable::submission(job_a, spec())); // once more
  CHECK(table.find(job_a)->phase == Job::Phase::cancelled);
}

TEST_CASE("What is too large ends the job, and says how large it is") {
  JobTable large_result = with_parts(1);
  large_result.apply(JobTable::ending(job_a, begin(large_result, 1, worker_a),
                                      good(std::string(JobTable::result_bytes_max + 1, 'x'))));
  CHECK(large_result.find(job_a)->why ==
        "the result of part 1 of 1 has 262145 bytes, the limit is 262144; what is larger has to be "
        "put where it is to be used");
  JobTable many = with_parts(JobTable::parts_max + 1);
  CHECK(many.find(job_a)->why == "the split has made 10001 parts, the limit is 10000");
  JobTable large_part;
  large_part.apply(JobTable::submission(job_a, spec()));
  large_part.apply(large_part.assignments({{job_a, 0, worker_a}}));
  PartEnd split = good("");
  split.parts = {std::string(JobTable::part_bytes_max + 1, 'x')};
  large_part.apply(JobTable::ending(job_a, large_part.last_copy(), split));
  CHECK(large_part.find(job_a)->phase == Job::Phase::failed);
  JobTable all_together = with_parts(20);
  for (std::uint32_t part = 1; !all_together.find(job_a)->is_over(); ++part)
    all_together.apply(JobTable::ending(job_a, begin(all_together, part, worker_a),
                                        good(std::string(JobTable::result_bytes_max, 'x'))));
  CHECK(all_together.find(job_a)->phase == Job::Phase::failed);
}

TEST_CASE("A submission for which there is no room is a job that has failed, with the reason") {
  JobTable table;
  for (std::uint64_t i = 1; i <= JobTable::jobs_max + 1; ++i)
    table.apply(JobTable::submission({i}, spec()));
  CHECK(table.find({JobTable::jobs_max})->phase == Job::Phase::split);
  CHECK(table.find({JobTable::jobs_max + 1})->phase == Job::Phase::failed);
  JobSpec wrong = spec();
  wrong.files["../x"] = "";
  table.apply(JobTable::submission({999}, wrong));
  CHECK(table.find({999})->why == "a file cannot be called \"../x\" beside script count.py");
}

TEST_CASE("Of jobs that are over the last ones are kept") {
  JobTable table;
  table.apply(JobTable::submission(job_a, spec()));
  for (std::uint64_t i = 1000; i < 1000 + JobTable::kept_max; ++i) {
    table.apply(JobTable::submission({i}, spec()));
    table.apply(JobTable::cancellation({i}));
  }
  table.apply(JobTable::cancellation(job_a));
  CHECK(table.find({1000}) == nullptr);
  CHECK(table.find({1001}) != nullptr);
  CHECK(table.find(job_a) != nullptr);
}

TEST_CASE("A table counts what has come of jobs and of runs, also of those that are forgotten") {
  JobTable table = with_parts(4);
  table.apply(JobTable::ending(job_a, begin(table, 1, worker_a), good("1")));
  table.apply(JobTable::ending(job_a, begin(table, 2, worker_a), bad("no")));
  begin(table, 2, worker_b);
  table.enter(view(7, {worker_a})); // loses it
  begin(table, 3, worker_a);
  table.apply(JobTable::cancellation(job_a)); // which does not need it
  JobSpec nothing;
  for (std::uint64_t id = 1000; id < 1000 + JobTable::kept_max + 20; ++id)
    table.apply(JobTable::submission({id}, nothing));
  CHECK(table.find(job_a) == nullptr);
  const JobTotals wanted{.failed = JobTable::kept_max + 20,
                         .cancelled = 1,
                         .runs_begun = 5,
                         .runs_good = 2,
                         .runs_failed = 1,
                         .runs_lost = 1};
  CHECK(table.totals() == wanted);
  JobTable other;
  REQUIRE(other.restore(table.snapshot()));
  CHECK(other.totals() == wanted);
}

TEST_CASE("A table comes back from its snapshot as it was, and from nothing else") {
  JobTable table = with_parts(3);
  table.apply(JobTable::ending(job_a, begin(table, 1, worker_a), good("1")));
  begin(table, 2, worker_b);
  table.enter(view(7, {worker_a, worker_b}));
  const std::vector<std::byte> bytes = table.snapshot();
  JobTable other;
  REQUIRE(other.restore(bytes));
  CHECK(other.jobs() == table.jobs());
  CHECK(other.copies() == table.copies());
  CHECK(other.snapshot() == bytes);
  for (std::size_t size = 1; size < bytes.size(); ++size)
    CHECK_FALSE(other.restore(std::span(bytes).first(size)));
  CHECK(other.snapshot() == bytes);
  REQUIRE(other.restore({}));
  CHECK(other.jobs().empty());
}

TEST_CASE("Bytes that are no entry have no effect") {
  JobTable table = with_parts(2);
  begin(table, 1, worker_a);
  const std::vector<std::byte> before = table.snapshot();
  const std::vector<std::vector<std::byte>> entries{
      JobTable::submission({77}, spec()), table.assignments({{job_a, 2, worker_a}}),
      JobTable::ending(job_a, table.last_copy(), good("1")), JobTable::cancellation(job_a)};
  for (const std::vector<std::byte>& entry : entries)
    for (std::size_t size = 0; size < entry.size(); ++size)
      table.apply(std::span(entry).first(size));
  CHECK(table.snapshot() == before);
  RandomStream random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::byte> any(random.below(40));
    for (std::byte& byte : any)
      byte = static_cast<std::byte>(random.below(256));
    if (!any.empty())
      any.front() = static_cast<std::byte>(random.below(5));
    table.apply(any); // it reads nothing that is not there
  }
}

double no_age(std::uint64_t) { return 0; }

TEST_CASE("Parts go to free slots, the emptiest node first") {
  const JobTable table = with_parts(5);
  const auto all = schedule(table, {{worker_a, 1}, {worker_b, 3}}, no_age);
  REQUIRE(all.size() == 4);
  CHECK(all[0] == JobTable::Assignment{job_a, 1, worker_b});
  CHECK(std::ranges::count(all, worker_a, &JobTable::Assignment::worker) == 1);
}

TEST_CASE("What runs already takes its slot") {
  JobTable table = with_parts(5);
  begin(table, 1, worker_a);
  CHECK(schedule(table, {{worker_a, 1}}, no_age).empty());
  CHECK(schedule(table, {{worker_a, 2}}, no_age).size() == 1);
}

TEST_CASE("Jobs share slots fairly, also those that come late") {
  JobTable table = with_parts(10);
  for (std::uint32_t part = 1; part <= 3; ++part)
    begin(table, part, worker_a);
  table.apply(JobTable::submission(job_b, spec()));
  const auto all = schedule(table, {{worker_a, 4}, {worker_b, 1}}, no_age);
  REQUIRE(all.size() == 2);
  CHECK(all[0].job == job_b); // it has none yet; of it only the split can run
  CHECK(all[1].job == job_a);
}

TEST_CASE("A job has no more parts at once than it wants") {
  JobSpec modest = spec();
  modest.limits.parts_at_once = 2;
  JobTable table;
  table.apply(JobTable::submission(job_a, modest));
  table.apply(table.assignments({{job_a, 0, worker_a}}));
  PartEnd split = good("");
  split.parts.assign(5, "1");
  table.apply(JobTable::ending(job_a, table.last_copy(), split));
  CHECK(schedule(table, {{worker_a, 4}, {worker_b, 4}}, no_age).size() == 2);
}

TEST_CASE("A part that has failed on a node goes to another one if there is one") {
  JobTable table = with_parts(1);
  table.apply(JobTable::ending(job_a, begin(table, 1, worker_a), bad("x")));
  CHECK(schedule(table, {{worker_a, 4}, {worker_b, 1}}, no_age).at(0).worker == worker_b);
  CHECK(schedule(table, {{worker_a, 4}, {worker_b, 0}}, no_age).at(0).worker == worker_a);
}

TEST_CASE("Stragglers run a second time on another node when nothing else is to be done") {
  JobTable table = with_parts(4);
  for (std::uint32_t part = 1; part <= 2; ++part)
    table.apply(JobTable::ending(job_a, begin(table, part, worker_a), good("1", 3)));
  const std::uint64_t slow = begin(table, 3, worker_a);
  const auto age = [&](double of_slow) {
    return [slow, of_slow](std::uint64_t copy) { return copy == slow ? of_slow : 0; };
  };
  const std::vector<Slots> slots{{worker_a, 4}, {worker_b, 2}};
  CHECK(schedule(table, slots, age(100)).at(0).task == 4); // it has not begun
  begin(table, 4, worker_a);
  CHECK(schedule(table, slots, age(5.9)).empty());
  const auto again = schedule(table, slots, age(6.1));
  REQUIRE(again.size() == 1);
  CHECK(again[0] == JobTable::Assignment{job_a, 3, worker_b});
  CHECK(schedule(table, {{worker_a, 4}}, age(100)).empty());
}

TEST_CASE("A job's id is 16 hexadecimal digits to people") {
  CHECK(to_string(JobId{0xabcdef}) == "0000000000abcdef");
  CHECK(*job_id_from("0000000000abcdef") == JobId{0xabcdef});
  for (const char* text : {"", "0", "x", "1 ", "12345678123456781"})
    CHECK_FALSE(job_id_from(text));
}

} // namespace
} // namespace stos::jobs
