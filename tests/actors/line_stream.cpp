// Files that are written while a run goes on, and the stream of lines to one.

#include "actors/run/line_stream.hpp"

#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::detail;
using Catch::Matchers::Contains;

namespace {

std::string file_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Report line(double time, std::uint64_t agent, std::int64_t value) {
  BytesWriter bytes;
  save(bytes, value);
  return {"n", AgentId{agent}, time, 0, bytes.take(), ReportType::integer};
}

RunOptions to_file(const std::string& path) {
  RunOptions options;
  options.records_path = path;
  return options;
}

using Records = LineStream<RecordLines>;

} // namespace

TEST_CASE("a file that has the right text already is not touched") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  std::ofstream(path) << "one\ntwo\nthree\n";
  const auto before = std::filesystem::last_write_time(path);
  LineFile file("records", path);
  CHECK_FALSE(file.append("one\n"));
  CHECK_FALSE(file.append("two\nthree\n"));
  CHECK_FALSE(file.end());
  CHECK(std::filesystem::last_write_time(path) == before);
  CHECK(file_text(path) == "one\ntwo\nthree\n");
}

TEST_CASE("a file is written anew from the first byte that differs, and ends where it is to") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  const std::string wanted = std::string(200'000, 'a') + "\nend\n";
  for (const std::string& there :
       {std::string(), std::string("b"), wanted.substr(0, 100'000), wanted + "more",
        wanted.substr(0, 70'000) + "b" + wanted.substr(70'001) + "more"}) {
    std::ofstream(path) << there;
    LineFile file("records", path);
    CHECK_FALSE(file.append(wanted.substr(0, 90'000)));
    CHECK_FALSE(file.append(wanted.substr(90'000)));
    CHECK_FALSE(file.end());
    CHECK(file_text(path) == wanted);
  }
}

TEST_CASE("a file that cannot be opened, or written to, is named") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(LineFile("trace", folder / "no/such"),
                    Contains("cannot write the trace to") && Contains("No such file"));
  LineFile full("trace", "/dev/full");
  const auto problem = full.append("text");
  REQUIRE(problem);
  CHECK(problem->context == "cannot write the trace to /dev/full: No space left on device");
}

TEST_CASE("lines are written once, in order, and only behind a complete cut") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  const std::string header = "time,agent,topic,value\n";
  Records stream(to_file(path), {true, true});
  CHECK(file_text(path) == header);

  stream.take({line(2, 1, 20), line(1, 2, 10), line(2, 1, 21), line(9, 3, 90)});
  CHECK(stream.since_last_cut().size() == 4);
  std::vector<Report> parts = stream.since_last_cut();
  parts.push_back(line(1, 1, 11)); // of another node
  const std::vector<Report> later = stream.join(5, parts);
  REQUIRE(later.size() == 1);
  CHECK(later[0].time == 9);
  CHECK(file_text(path) == header); // the cut is not complete yet
  CHECK_FALSE(stream.release());
  CHECK(file_text(path) == header + "1,1,n,11\n1,2,n,10\n2,1,n,20\n2,1,n,21\n");

  // The other node has not heard of it, and tells the same again.
  stream.take({line(6, 1, 60)});
  parts = stream.since_last_cut();
  CHECK(parts.size() == 2);
  parts.push_back(line(1, 1, 11));
  parts.push_back(line(7, 2, 70));
  (void)stream.join(8, parts);
  CHECK_FALSE(stream.release());
  stream.take({line(9, 4, 91)});
  CHECK_FALSE(stream.end({line(7, 2, 70), line(9, 2, 92)}, std::nullopt));
  CHECK(file_text(path) == header + "1,1,n,11\n1,2,n,10\n2,1,n,20\n2,1,n,21\n6,1,n,60\n7,2,n,70\n"
                                    "9,2,n,92\n9,3,n,90\n9,4,n,91\n");
  CHECK(stream.count() == 6);
}

TEST_CASE("what goes on from a cut has its text, and writes it again") {
  const test::TemporaryFolder folder;
  Records stream(to_file(folder / "a"), {true, true});
  stream.take({line(1, 1, 1), line(8, 1, 8)});
  const std::vector<Report> later = stream.join(5, stream.since_last_cut());
  Records again(to_file(folder / "b"), {true, true, 5, stream.text(), later});
  CHECK(again.text().size() == stream.text().size());
  CHECK_FALSE(again.end({line(3, 1, 3), line(6, 1, 6)}, std::nullopt)); // 3 is in the text, if ever
  CHECK(file_text(folder / "b") == "time,agent,topic,value\n1,1,n,1\n6,1,n,6\n8,1,n,8\n");
}

TEST_CASE("a run that was cut short writes no more, and one that failed what was up to then") {
  const test::TemporaryFolder folder;
  for (const bool is_interrupted : {true, false}) {
    const std::string path = folder / "file";
    Records stream(to_file(path), {});
    stream.take({line(1, 1, 1), line(4, 1, 4), line(6, 1, 6), line(7, 1, 7)});
    (void)stream.join(3, stream.since_last_cut());
    CHECK_FALSE(stream.release());
    Failure failure{{Instant::before(6), {}, {}, 0}, {Errc::model_exception, ""}};
    if (is_interrupted)
      failure = {{Instant::never(), {}, {}, 0}, {Errc::interrupted, ""}};
    CHECK_FALSE(stream.end({}, failure));
    CHECK(file_text(path) == (is_interrupted
                                  ? "time,agent,topic,value\n1,1,n,1\n"
                                  : "time,agent,topic,value\n1,1,n,1\n4,1,n,4\n6,1,n,6\n"));
  }
}

TEST_CASE("a trace that is full has its first lines, also behind a cut") {
  const test::TemporaryFolder folder;
  RunOptions options;
  options.trace_path = folder / "trace";
  options.trace_events_max = 3;
  const auto at = [](double time) {
    TraceRecord record;
    record.point[0] = time;
    return record;
  };
  LineStream<TraceLines> stream(options, {true, true});
  stream.take({at(1), at(2)});
  (void)stream.join(3, stream.since_last_cut());
  LineStream<TraceLines> again(options, {true, true, 3, stream.text(), {}, stream.joined_lines()});
  again.take({at(4), at(5), at(6)});
  CHECK_FALSE(again.end({}, std::nullopt));
  const std::string text = file_text(options.trace_path);
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
  CHECK(again.count() == 3);
}
