#include "libstos/cluster/status/run_outcome.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::detail;

namespace {

RunOutcome some_outcome() {
  RunOutcome outcome;
  outcome.counters.agents_born = 3;
  outcome.counters.sent = 500;
  outcome.counters.last_event_time = 12.5;
  outcome.counters.digest.add(AgentId{7}, {});
  outcome.counters.values.add_hash(8);
  outcome.engine_counters.frames = 9;
  outcome.engine_counters.workers = 3;
  outcome.engine_counters.busy_s = 1.5;
  outcome.engine_counters.held_back = {"agent 7 (Queue), 0.5 s of light from agent 12", 4};
  outcome.failure = Failure{{{4.0, 3.5, 2}, AgentId{1}, ChannelNumber{2}, 3},
                            {Errc::model_exception, "the model threw"}};
  outcome.reports.push_back({"site", AgentId{2}, 1.5, 300, std::vector<std::byte>(5)});
  outcome.reports.push_back({"", AgentId{3}, 2.5, 0, {}});
  outcome.streamed.records.push_back({"height", AgentId{3}, 3.5, 0, std::vector<std::byte>(2)});
  outcome.trace_records = 400;
  return outcome;
}

TraceRecord small_record(AgentId agent) {
  TraceRecord record;
  record.agent = agent;
  record.type = "Ping";
  return record;
}

} // namespace

TEST_CASE("an outcome comes back from its bytes as it was") {
  const RunOutcome sent = some_outcome();
  std::deque<std::string> names;
  const auto got = decode_outcome(encode(sent), names);
  REQUIRE(got);
  CHECK(got->counters.agents_born == 3);
  CHECK(got->counters.sent == 500);
  CHECK(got->counters.last_event_time == 12.5);
  CHECK(got->counters.digest.value() == sent.counters.digest.value());
  CHECK(got->counters.values.value() == sent.counters.values.value());
  CHECK(got->engine_counters.frames == 9);
  CHECK(got->engine_counters.workers == 3);
  CHECK(got->engine_counters.busy_s == 1.5);
  CHECK(got->engine_counters.held_back.agent == "agent 7 (Queue), 0.5 s of light from agent 12");
  CHECK(got->engine_counters.held_back.waits == 4);
  REQUIRE(got->failure);
  CHECK(got->failure->key.instant.absorption == 4.0);
  CHECK(got->failure->error.code == Errc::model_exception);
  CHECK(got->failure->error.context == "the model threw");
  REQUIRE(got->reports.size() == 2);
  CHECK(got->reports[0].topic == "site");
  CHECK(got->reports[0].ordinal == 300);
  CHECK(got->reports[0].value.size() == 5);
  CHECK(got->reports[1].value.empty());
  REQUIRE(got->streamed.records.size() == 1);
  CHECK(got->streamed.records[0].topic == "height");
  CHECK(got->streamed.records[0].time == 3.5);
  CHECK(got->trace_records == 400);
}

TEST_CASE("a trace of any number of the shortest records can be read") {
  for (const std::uint64_t size : {0, 1, 2, 50, 1000}) {
    INFO(size << " records");
    RunOutcome sent;
    for (std::uint64_t i = 0; i < size; ++i)
      sent.streamed.trace.push_back(small_record(AgentId{i}));
    std::deque<std::string> names;
    const auto got = decode_outcome(encode(sent), names);
    REQUIRE(got);
    CHECK(format_trace(got->streamed.trace) == format_trace(sent.streamed.trace));
  }
}

TEST_CASE("an outcome that is cut off anywhere, or longer than it was, is refused") {
  RunOutcome sent = some_outcome();
  sent.streamed.trace.push_back(small_record(AgentId{1}));
  std::vector<std::byte> bytes = encode(sent);
  std::deque<std::string> names;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size << " of " << bytes.size() << " bytes");
    CHECK_FALSE(decode_outcome(std::span(bytes).first(size), names));
  }
  bytes.push_back({});
  CHECK_FALSE(decode_outcome(bytes, names));
}

TEST_CASE("an outcome whose failure has an error code that does not exist is refused") {
  const auto last = static_cast<unsigned>(Errc::internal);
  for (unsigned number = 0; number <= 255; ++number) {
    INFO("error code " << number);
    RunOutcome sent = some_outcome();
    sent.failure->error.code = static_cast<Errc>(number);
    std::deque<std::string> names;
    const auto got = decode_outcome(encode(sent), names);
    REQUIRE(static_cast<bool>(got) == (number <= last));
    if (got)
      CHECK(static_cast<unsigned>(got->failure->error.code) == number);
    else
      CHECK(got.error().code == Errc::bad_message);
  }
}

TEST_CASE("of two outcomes counts are added, and the earlier failure stays") {
  RunOutcome sum = some_outcome();
  RunOutcome other = some_outcome();
  other.failure->key.instant.absorption = 2.0;
  other.failure->error.context = "the model threw earlier";
  sum.add(other);
  CHECK(sum.counters.sent == 1000);
  CHECK(sum.reports.size() == 4);
  CHECK(sum.streamed.records.size() == 2);
  CHECK(sum.trace_records == 800);
  REQUIRE(sum.failure);
  CHECK(sum.failure->error.context == "the model threw earlier");
  sum.add(some_outcome());
  CHECK(sum.failure->error.context == "the model threw earlier");
}
