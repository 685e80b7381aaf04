// What agents record, and the trace: files that are written while the run goes on, behind complete
// cuts, the same whatever runs them.

#include "tests/store/support.hpp"
#include "tests/support/nodes_in_threads.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

using Street = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

constexpr int lamps = 20;
constexpr double last_date = 30;

/// Tells its neighbour every second, and records what it has heard: often several things at once.
class Lamp : public Agent<Lamp, Street> {
public:
  Lamp() = default;
  explicit Lamp(double x, double born = 0) : Agent(Minkowski<2>(born, x)) {
    record("born", std::string("at ") + (born > 0 ? "once" : "the beginning, \"so to say\""));
  }
  ~Lamp() override { record("told", told); }

  void begin() {
    after(1, [](Lamp& self) {
      self.tell();
      self.begin();
    });
  }

  void tell() {
    for (ChannelWriter<Lamp>& other : neighbours)
      other.send([](Lamp& neighbour, std::int64_t so_far) { neighbour.hear(so_far); }, ++told);
  }

  void hear(std::int64_t number) {
    record("number", number);
    record("half", static_cast<double>(number) / 2);
    if (number == breaks_at)
      throw std::runtime_error("this lamp breaks");
  }

  std::int64_t told = 0;
  std::int64_t breaks_at = 0;
  std::vector<ChannelWriter<Lamp>> neighbours;

  template <class Inspector>
  friend bool inspect(Inspector& f, Lamp& x) {
    return f.object(x).fields(f.field("told", x.told), f.field("breaks_at", x.breaks_at),
                              f.field("neighbours", x.neighbours));
  }
};

void set_up(Street& street, std::int64_t breaks_at = 0) {
  const auto scope = street.set_up();
  std::vector<Lamp*> all;
  for (int i = 0; i < lamps; ++i)
    all.push_back(new Lamp(i));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->neighbours.emplace_back(*all[i], *all[(i + 1) % all.size()]);
    all[i]->begin();
  }
  all[7]->breaks_at = breaks_at;
  new Lamp(5, 12.25); // is born later, and has recorded that before
}

RunOptions quiet(const TemporaryFolder& folder, std::uint32_t workers,
                 const std::string& records = "records.csv") {
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  options.workers = workers;
  options.records_path = folder / records;
  options.trace_path = folder / "trace";
  return options;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

struct Files {
  std::string records;
  std::string trace;

  friend bool operator==(const Files&, const Files&) = default;
};

Files files_of(const RunOptions& options) {
  return {text_of(options.records_path), text_of(options.trace_path)};
}

Files of_serial_run(const TemporaryFolder& folder) {
  const RunOptions options = quiet(folder, 0);
  Street street(options);
  set_up(street);
  (void)street.run(last_date);
  return files_of(options);
}

} // namespace

TEST_CASE(
    "what agents record is in the order of time and agent, with all of one agent's in its own") {
  const TemporaryFolder folder;
  const Files serial = of_serial_run(folder);
  CHECK_THAT(serial.records, StartsWith("time,agent,topic,value\n"
                                        "0,1,born,\"at the beginning, \"\"so to say\"\"\"\n"));
  CHECK_THAT(serial.records, Contains("2,2,number,1\n2,2,half,0.5\n2,3,number,1\n2,3,half,0.5\n"));
  CHECK_THAT(serial.records, Contains("\n12.25,21,born,at once\n"));
  CHECK_THAT(serial.records, Contains("\n30,20,told,29\n30,21,told,0\n"));
  for (const std::uint32_t workers : {1u, 2u}) {
    const RunOptions options = quiet(folder, workers);
    Street street(options);
    set_up(street);
    (void)street.run(last_date);
    CHECK(files_of(options) == serial);
  }
}

TEST_CASE("records are lines of JSON if the file is called so") {
  const TemporaryFolder folder;
  const RunOptions options = quiet(folder, 1, "records.jsonl");
  Street street(options);
  set_up(street);
  (void)street.run(3);
  const std::string text = text_of(options.records_path);
  CHECK_THAT(text, StartsWith(R"({"time":0,"agent":1,"topic":"born","value":"at the beginning, )"
                              R"(\"so to say\""})"));
  CHECK_THAT(text, Contains("\n{\"time\":2,\"agent\":2,\"topic\":\"half\",\"value\":0.5}\n"));
}

TEST_CASE("a run in which nothing is recorded has the same digests") {
  const TemporaryFolder folder;
  std::string first;
  for (const bool records : {true, false}) {
    RunOptions options = quiet(folder, 2);
    if (!records)
      options.records_path.clear();
    options.values = true;
    options.snapshot.at_s = {10};
    options.snapshot.path = "memory:without records";
    Street street(options);
    set_up(street);
    const RunSummary summary = street.run(last_date);
    const std::string digests =
        summary.digests() + " " + summary.cuts.at(0).state_digest.to_string();
    CHECK((first.empty() || digests == first));
    first = digests;
  }
}

TEST_CASE("on nodes whose agents move, the first one writes what one process does") {
  const TemporaryFolder folder;
  const Files serial = of_serial_run(folder);
  for (const bool has_cuts : {false, true}) {
    nodes_in_threads(3, [&](NodeInThread& self) {
      RunOptions options = self.options;
      const RunOptions files = quiet(folder, 1);
      options.records_path = files.records_path + std::to_string(self.index);
      options.trace_path = files.trace_path + std::to_string(self.index);
      options.workers = 1;
      options.digest_only = true;
      options.cluster.random_moves = 5;
      if (has_cuts)
        options.snapshot.every = {4, false};
      Street street(options, ThreadPool<0>(self.system, self.node));
      set_up(street);
      (void)street.run(last_date);
    });
    const RunOptions files = quiet(folder, 1);
    CHECK(text_of(files.records_path + "0") == serial.records);
    CHECK(text_of(files.trace_path + "0") == serial.trace);
    CHECK(text_of(files.records_path + "1").empty());
  }
}

TEST_CASE("a run that goes on from a cut writes the same files, whatever is left of them") {
  const TemporaryFolder folder;
  const Files serial = of_serial_run(folder);
  for (const std::uint32_t workers : {0u, 2u}) {
    RunOptions cut = quiet(folder, workers);
    cut.snapshot.at_s = {7.5, 12, 20};
    cut.snapshot.path = folder / "store";
    {
      Street street(cut);
      set_up(street);
      (void)street.run(last_date);
      CHECK(files_of(cut) == serial);
    }
    const std::string all = serial.records;
    for (const std::string& there :
         {all, std::string(), all.substr(0, all.size() / 3), all + "and more\n",
          "nothing of that\n" + all, all.substr(0, 5000) + "X" + all.substr(5001)})
      for (const char* at : {"7.5", "12", "20"}) {
        RunOptions again = quiet(folder, workers == 0 ? 2 : 0);
        again.snapshot.from = folder / "store" + std::string("@") + at;
        write(again.records_path, there);
        write(again.trace_path, there);
        Street street(again);
        set_up(street);
        (void)street.run(last_date);
        CHECK(files_of(again) == serial);
      }
    std::filesystem::remove_all(folder / "store");
  }
}

TEST_CASE("what a run goes on from has records in one form, and needs a file for them") {
  const TemporaryFolder folder;
  RunOptions cut = quiet(folder, 1);
  cut.snapshot.at_s = {10};
  cut.snapshot.path = "memory:forms of records";
  Street kept(cut);
  set_up(kept);
  (void)kept.run(last_date);
  const auto going_on = [&](const std::string& records, const std::string& branch) {
    RunOptions options = quiet(folder, 1, records);
    options.snapshot.from = cut.snapshot.path;
    options.snapshot.branch = branch;
    if (records.empty())
      options.records_path.clear();
    Street street(options);
    set_up(street);
    (void)street.run(last_date);
    return std::string("none");
  };
  const auto error = [&](const std::string& records, const std::string& branch) {
    try {
      return going_on(records, branch);
    } catch (const UsageError& problem) {
      return std::string(problem.what());
    }
  };
  CHECK(error("again.csv", "") == "none");
  CHECK(error("", "") == "none");
  CHECK_THAT(error("again.jsonl", ""), Contains("output.records_path was given, for CSV, and is "
                                                "given, for lines of JSON"));
  CHECK_THAT(error("again.jsonl", "other"), Contains("has its records in another form"));
  CHECK(error("again.csv", "other") == "none");
}

TEST_CASE("a run that fails has recorded what was up to then, on every engine") {
  const TemporaryFolder folder;
  std::string first;
  for (const std::uint32_t workers : {0u, 1u, 2u}) {
    const RunOptions options = quiet(folder, workers);
    Street street(options);
    set_up(street, 15);
    CHECK_THROWS_WITH(street.run(last_date), Contains("this lamp breaks"));
    const std::string text = text_of(options.records_path);
    CHECK_THAT(text, Catch::EndsWith("16,20,half,7.5\n"));
    CHECK((first.empty() || text == first));
    first = text;
  }
}

TEST_CASE("a world that stands still has files up to there, and each future goes on with its own") {
  const TemporaryFolder folder;
  const Files serial = of_serial_run(folder);
  const RunOptions options = quiet(folder, 2);
  Street street(options);
  set_up(street);
  CHECK(street.run_to(12.5).time == 12.5);
  CHECK_THAT(text_of(options.records_path), Contains("\n12.25,21,born,at once\n"));
  (void)street.run(last_date);
  CHECK(files_of(options) == serial);
}
