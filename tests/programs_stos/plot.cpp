#include "programs/stos/series_chart.hpp"
#include "programs/stos/space_chart.hpp"
#include "programs/stos/spacetime_diagram.hpp"
#include "programs/stos/trace_reader.hpp"
#include "support/foreign_locale.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace stos;
using namespace stos::program;
using Catch::Contains;
using Catch::StartsWith;

namespace {

TraceRecord record(TraceRecord::Kind kind, std::uint64_t agent, const char* type, Point point) {
  TraceRecord r;
  r.kind = kind;
  r.agent = {agent};
  r.type = type;
  r.point = point;
  r.local_time = point[0];
  return r;
}

TraceRecord absorption(std::uint64_t agent, const char* type, Point point, std::uint64_t source,
                       Point emission) {
  TraceRecord r = record(TraceRecord::Kind::event, agent, type, point);
  r.source = {source};
  r.channel = {1};
  r.emission = emission;
  r.lambda_id = 77;
  return r;
}

using Kind = TraceRecord::Kind;

/// Two agents at rest, one light-second apart; the second one dies, the first one has a timer.
std::vector<TraceRecord> small_world() {
  return {record(Kind::birth, 1, "Ping", {0, 0, 0, 0}),
          record(Kind::birth, 2, "Pong<int>", {0, 0, 0, 1}),
          absorption(2, "Pong<int>", {1, 0, 0, 1}, 1, {0, 0, 0, 0}),
          absorption(1, "Ping", {1.5, 0, 0, 0}, 1, {0.5, 0, 0, 0}),
          absorption(1, "Ping", {2, 0, 0, 0}, 2, {1, 0, 0, 1}),
          record(Kind::death, 2, "Pong<int>", {3, 0, 0, 1}),
          record(Kind::end, 1, "Ping", {4, 0, 0, 0})};
}

PlotOptions titled(std::string title) {
  PlotOptions options;
  options.title = std::move(title);
  return options;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

/// The picture without its legend, which repeats each kind of mark once.
std::string without_legend(const std::string& svg) {
  const auto begin = svg.find("<g class=\"legend\"");
  return svg.substr(0, begin) + svg.substr(svg.find("<rect", begin));
}

std::string refused(const std::string& text, std::size_t records_max = 100) {
  const auto trace = parse_trace("t", text, records_max);
  REQUIRE_FALSE(trace);
  return trace.error().context;
}

const std::string header = format_trace({});

} // namespace

TEST_CASE("a table of series is drawn over time", "[plot]") {
  const std::string table = "time,ill,\"well, again\"\n0,1,\n1,2,5\n2.5,0,7\n";
  CHECK(is_series_table(table));
  CHECK_FALSE(is_series_table("kind agent"));
  const Result<Chart> chart = chart_of_series("t.csv", table, std::nullopt, 2);
  REQUIRE(chart);
  REQUIRE(chart->curves.size() == 2);
  CHECK(chart->curves[0].points.size() == 2);
  CHECK(chart->curves[1].name == "well, again");
  CHECK(chart->curves[1].points.size() == 1);
  CHECK(chart_of_series("t.csv", "time,a\n0,1\n1\n", {}, {}).error().context ==
        "t.csv:3: 1 fields; wanted: 2, as in the first line");
  CHECK(chart_of_series("t.csv", "time,a\n0,x\n", {}, {}).error().context ==
        "t.csv:2: \"x\" is no number");
}

TEST_CASE("agents in space are where they are at that time", "[plot]") {
  std::vector<TraceRecord> all = {
      record(Kind::birth, 1, "Rock", {0, 0, 0, 3}), record(Kind::birth, 2, "Ship", {1, 5, 0, 0}),
      record(Kind::turn, 2, "Ship", {3, 6, 0, 0}),  record(Kind::birth, 3, "Rock", {2, 1, 0, 0}),
      record(Kind::death, 3, "Rock", {4, 1, 0, 0}), record(Kind::end, 1, "Rock", {9, 0, 0, 3})};
  all[1].velocity = Velocity<4>{0.5, 0, 0};
  all[2].velocity = Velocity<4>{0, 0, 0.25};
  const Chart early = chart_of_space(all, 2);
  CHECK(early.x_name == "x in light-seconds");
  CHECK(early.y_name == "z in light-seconds"); // nothing differs in y
  REQUIRE(early.curves.size() == 2);
  CHECK(early.curves[0].name == "Rock");
  CHECK(early.curves[0].points.size() == 2);
  CHECK(early.curves[1].points[0].x == 5.5);
  CHECK(early.note == "3 agents at 2 s of laboratory time.");
  const Chart late = chart_of_space(all, 5);
  CHECK(late.curves[0].points.size() == 1);
  CHECK(late.curves[1].points[0].x == 6);
  CHECK(late.curves[1].points[0].y == 0.5);
  CHECK_THAT(draw(late), Contains("<circle"));
  CHECK(chart_of_space({}, 1).curves.empty());
}

TEST_CASE("what observers have seen, and agents recorded, is drawn over time", "[plot]") {
  const std::string seen = "time,observer,count,sum,mean\n0,ill,4,1,0.25\n0,age,4,80,20\n"
                           "1,ill,4,2,0.5\n1,age,0,0,\n2,ill,4,3,0.75\n";
  const Result<Chart> mean = chart_of_series("o.csv", seen, std::nullopt, 1, "mean");
  REQUIRE(mean);
  REQUIRE(mean->curves.size() == 2);
  CHECK(mean->curves[0].name == "ill");
  CHECK(mean->curves[0].points.size() == 2);
  CHECK(mean->curves[0].points[1].y == 0.5);
  CHECK(mean->curves[1].points.size() == 1);
  CHECK(mean->y_name == "mean");
  CHECK(chart_of_series("o.csv", seen, {}, {})->curves[1].points[0].y == 80);
  CHECK(chart_of_series("o.csv", seen, {}, {}, "p95").error().context ==
        "o.csv:1: there is no column \"p95\" of what observers have seen");

  const std::string records = "time,agent,topic,value\n0,1,hops,3\n0,2,name,Bob\n"
                              "0.5,2,hops,5\n0.5,2,arrived,true\n";
  const Result<Chart> dots = chart_of_series("r.csv", records, {}, {});
  REQUIRE(dots);
  REQUIRE(dots->curves.size() == 2);
  CHECK(dots->curves[0].points.size() == 2);
  CHECK(dots->curves[1].points[0].y == 1);
  CHECK_FALSE(dots->has_lines);
  CHECK_FALSE(chart_of_series("r.csv", "time,agent,topic,value\n0,1,hops\n", {}, {}));
}

TEST_CASE("a picture of a part of the time has what is in it, and cuts off the rest", "[plot]") {
  const std::vector<TraceRecord> records = {record(Kind::birth, 1, "Ping", {0, 0, 0, 0}),
                                            record(Kind::birth, 2, "Pong", {0, 1, 0, 0}),
                                            absorption(1, "Ping", {1, 0, 0, 0}, 2, {0, 1, 0, 0}),
                                            absorption(1, "Ping", {5, 0, 0, 0}, 2, {4, 1, 0, 0}),
                                            absorption(1, "Ping", {9, 0, 0, 0}, 2, {8, 1, 0, 0})};
  PlotOptions options;
  CHECK_THAT(draw(records, options), Contains("3 events, 3 lambdas") && !Contains("clip-path"));
  options.from = 4.5;
  options.to = 6;
  const std::string svg = draw(records, options);
  CHECK_THAT(svg, Contains("1 event, 1 lambda from") && Contains("clip-path=\"url(#window)\""));
  CHECK_THAT(svg, Contains(">4.6</text>") && !Contains(">4.4</text>") && !Contains(">8.0</text>"));
  options.from = 20;
  options.to.reset();
  CHECK_THAT(draw(records, options), Contains("0 events"));
}

TEST_CASE("a trace is read back as it was written", "[stos]") {
  std::vector<TraceRecord> records = small_world();
  records.push_back(record(Kind::turn, 1, "Ping", {4, 0.1, 1e-300, 0}));
  records.back().velocity = Velocity<4>{0.6, 0, -0.1};
  records.back().agent = {18446744073709551615u};
  records.insert(records.begin(), record(Kind::birth, 18446744073709551615u, "Ping", {0, 0, 0, 0}));
  const std::string text = format_trace(records);
  const auto trace = parse_trace("t", text, 100);
  INFO((trace ? "" : trace.error().context));
  REQUIRE(trace);
  CHECK(trace->records.size() == records.size());
  CHECK(trace->types.size() == 2);
  CHECK(format_trace(trace->records) == text);
  CHECK(parse_trace("t", header, 100)->records.empty());
}

TEST_CASE("what is no trace is refused with its line", "[stos]") {
  const std::string birth = "birth\t1\tPing\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n";
  REQUIRE(parse_trace("t", header + birth, 100));
  CHECK_THAT(refused(""), StartsWith("t:1: this is no trace: the first line is \"\"; wanted: "));
  CHECK_THAT(refused("\x7f"
                     "ELF\n"),
             StartsWith("t:1: this is no trace: the first line is \"\\x7fELF\""));
  const std::string line_of_windows = header.substr(0, header.size() - 1) + "\r\n";
  CHECK_THAT(refused(line_of_windows + birth), StartsWith("t:1: this line ends with CR LF"));
  CHECK_THAT(refused(header + birth + birth.substr(0, birth.size() - 1) + "\r\n"),
             StartsWith("t:3: this line ends with CR LF"));
  CHECK(refused(header + "birth\t1\n") == "t:2: this line has 2 columns; wanted: 19");
  CHECK(refused(header + birth + "\n") == "t:3: this line has 1 columns; wanted: 19");
  CHECK(refused(header + birth.substr(0, birth.size() - 1) + "\t0\n") ==
        "t:2: this line has 20 columns; wanted: 19");
  const auto with = [&](std::size_t column, const std::string& text) {
    std::string line = birth;
    std::size_t at = 0;
    for (std::size_t i = 0; i < column; ++i)
      at = line.find('\t', at) + 1;
    return header + birth + line.replace(at, line.find_first_of("\t\n", at) - at, text);
  };
  CHECK(refused(with(0, "berth")) ==
        "t:3: this line begins with \"berth\"; wanted: birth, event, turn, death or end");
  CHECK(refused(with(1, "-1")) == "t:3: this line \"-1\" is not a number that can stand here");
  CHECK_THAT(refused(with(4, "nan")), Contains("\"nan\" is not a number"));
  CHECK_THAT(refused(with(5, "inf")), Contains("\"inf\" is not a number"));
  CHECK_THAT(refused(with(5, "-1e151")), Contains("\"-1e151\" is not a number"));
  CHECK_THAT(refused(with(5, "1e999")), Contains("\"1e999\" is not a number"));
  CHECK_THAT(refused(with(7, "")), Contains("\"\" is not a number"));
  CHECK_THAT(refused(with(12, "4294967296")), Contains("is not a number"));
  CHECK(refused(with(8, "1")) == "t:3: this line has a velocity that is not below 1, the speed of "
                                 "light");
  CHECK(refused(header + birth + birth.substr(0, birth.size() - 1)) ==
        "t:3: this line does not end: the trace has been cut off");
  std::string unborn = birth;
  unborn.replace(0, 7, "death\t9");
  CHECK(refused(header + birth + unborn) ==
        "t:3: this line is about agent 9; wanted: an agent whose birth stands before");
}

TEST_CASE("a trace that is too long to draw is refused with the limit", "[stos]") {
  const std::string text = format_trace(small_world());
  CHECK(parse_trace("t", text, 7));
  CHECK(refused(text, 6) == "t: more than 6 records; allowed: a shorter run (--end-time), or a "
                            "higher limit (--events-max)");
}

TEST_CASE("a damaged trace is refused or drawn, and nothing worse", "[stos]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string whole = format_trace(small_world());
  for (int round = 0; round < 2000; ++round) {
    std::string text = whole;
    for (int damage = 1 + static_cast<int>(random() % 4); damage > 0; --damage) {
      const std::size_t at = header.size() + random() % (text.size() - header.size());
      switch (random() % 3) {
        case 0: text[at] = static_cast<char>(random() % 256); break;
        case 1: text[at] = "\t\n-.0123456789e"[random() % 15]; break;
        default: text.erase(at, random() % 3); break;
      }
    }
    if (const auto trace = parse_trace("t", text, 100))
      CHECK_THAT(draw(trace->records, titled("x")), Catch::EndsWith("</svg>\n"));
    else
      CHECK_THAT(trace.error().context, StartsWith("t:"));
  }
}

TEST_CASE("a picture has a mark for everything in the trace", "[stos]") {
  const std::string svg = draw(small_world(), titled("A run"));
  const std::string drawing = without_legend(svg);
  CHECK_THAT(svg, StartsWith("<svg xmlns=") && Contains("<title>A run</title>"));
  CHECK(count(drawing, "class=\"trajectory\"") == 2);
  CHECK(count(drawing, "class=\"birth\"") == 2);
  CHECK(count(drawing, "class=\"event\"") == 3);
  CHECK(count(drawing, "class=\"death\"") == 1);
  CHECK(count(drawing, "<line ") == 2); // the timer's lambda would lie on the trajectory
  CHECK(count(drawing, "class=\"agents\"") == 2);
  CHECK_THAT(svg, Contains("z in light-seconds") && Contains("laboratory time in seconds") &&
                      Contains("2 agents, 3 events, 2 lambdas from one to another.") &&
                      !Contains("Projected"));
  CHECK(count(svg, "<g") == count(svg, "</g>"));
  CHECK(count(svg, "<text") == count(svg, "</text>"));
}

TEST_CASE("light goes at 45 degrees where the shape of the picture allows", "[stos]") {
  std::vector<TraceRecord> records = small_world();
  for (TraceRecord& r : records) { // make it as wide as it is high
    r.point[3] *= 4;
    r.emission[3] *= 4;
  }
  records[2].point[0] = 4;
  const std::string svg = draw(records, titled("x"));
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  const auto at = svg.find("<line ");
  REQUIRE(at != std::string::npos);
  REQUIRE(std::sscanf(svg.c_str() + at, "<line x1=\"%lf\" y1=\"%lf\" x2=\"%lf\" y2=\"%lf\"", &x1,
                      &y1, &x2, &y2) == 4);
  CHECK(x2 - x1 == Approx(y1 - y2).margin(0.2)); // and time goes upwards
  CHECK(x2 > x1);
}

TEST_CASE("the longest axis of space is drawn unless another one is asked for", "[stos]") {
  std::vector<TraceRecord> records = small_world();
  records[1].point[2] = 5;
  PlotOptions options = titled("x");
  CHECK_THAT(draw(records, options),
             Contains("y in light-seconds") && Contains("Projected on y: places differ in other"));
  options.axis = 2;
  CHECK_THAT(draw(records, options), Contains("z in light-seconds") && Contains("Projected on z"));
  CHECK_THAT(draw({}, titled("x")), Contains("x in light-seconds") && Contains("0 agents"));
}

TEST_CASE("colours tell types apart, or agents", "[stos]") {
  std::vector<TraceRecord> records = {record(Kind::birth, 1, "A", {0, 0, 0, 0}),
                                      record(Kind::birth, 2, "A", {0, 1, 0, 0}),
                                      record(Kind::birth, 3, "B", {0, 2, 0, 0})};
  PlotOptions options = titled("x");
  CHECK(count(draw(records, options), "class=\"agents\"") == 2);
  options.colour = PlotColour::agent;
  const std::string svg = draw(records, options);
  CHECK(count(svg, "class=\"agents\"") == 3);
  CHECK_THAT(svg, Contains(">A 1<") && Contains(">A 2<") && Contains(">B 3<"));

  for (std::uint64_t agent = 4; agent <= 20; ++agent)
    records.push_back(record(Kind::birth, agent, "C", {0, 0, 0, 0}));
  CHECK_THAT(draw(records, options), Contains("and 8 more") && Contains("Colours repeat after 8."));
}

TEST_CASE("what goes around a periodic space is interrupted, and said", "[stos]") {
  const std::vector<TraceRecord> records = {
      record(Kind::birth, 1, "A", {0, 0.5, 0, 0}), record(Kind::birth, 2, "B", {0, 9.5, 0, 0}),
      absorption(2, "B", {1, 9.5, 0, 0}, 1, {0, 0.5, 0, 0}), // one light-second the other way
      record(Kind::end, 1, "A", {2, 9.9, 0, 0})};            // has crossed the seam
  const std::string svg = draw(records, titled("x"));
  CHECK(count(svg, "<line ") == 0);
  CHECK(count(svg, "class=\"trajectory\"") == 3);
  CHECK_THAT(svg, Contains("1 lambda that went around a periodic space is not drawn."));
}

TEST_CASE("names from outside cannot break the picture", "[stos]") {
  std::vector<TraceRecord> records = small_world();
  const std::string long_type(300, 'T');
  records.push_back(record(Kind::birth, 3, long_type.c_str(), {1, 0, 0, 0}));
  const std::string svg = draw(records, titled("<a> & \"b\" \x01 \xff caf\xc3\xa9"));
  CHECK_THAT(svg, Contains("<title>&lt;a&gt; &amp; &quot;b&quot; ? ? caf\xc3\xa9</title>"));
  CHECK_THAT(svg, Contains(">Pong&lt;int&gt;<"));
  CHECK_THAT(svg, Contains(std::string(40, 'T') + "\u2026<") && !Contains(std::string(41, 'T')));
}

TEST_CASE("equal records give equal pictures", "[stos]") {
  CHECK(draw(small_world(), titled("x")) == draw(small_world(), titled("x")));
}

TEST_CASE("a picture and its trace do not depend on the program's locale", "[stos]") {
  const std::string picture = draw(small_world(), titled("small"));
  const std::string trace = format_trace(small_world());
  const test::ForeignLocale foreign;
  CHECK(draw(small_world(), titled("small")) == picture);
  CHECK(format_trace(small_world()) == trace);
}

TEST_CASE("extreme numbers are drawn inside of the picture", "[stos]") {
  const auto check = [](double scale, double offset) {
    std::vector<TraceRecord> records = small_world();
    for (TraceRecord& r : records)
      for (std::size_t i = 0; i < 4; ++i) {
        r.point[i] = r.point[i] * scale + offset;
        r.emission[i] = r.emission[i] * scale + offset;
      }
    const std::string svg = draw(records, titled("x"));
    INFO(scale << " " << offset);
    CHECK(count(svg, "nan") + count(svg, "inf") == 0);
    CHECK(count(svg, "<line ") == 2);
    CHECK(count(svg, "text-anchor=\"end\"") >= 2);
    CHECK(count(svg, "text-anchor=\"end\"") <= 30);
  };
  for (const double scale : {1e-12, 1.0, 1e9, 1e100})
    check(scale, 0);
  check(1, 1e12);
  check(1e-3, 1e15);
  check(0, 1e17); // all in one place, where a second is less than a rounding error
  check(1, -1e17);
}
