// Real processes: what scripts do that end well, and what they do that do not.

#include "actors/jobs/child_pool.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace stos::detail {
namespace {

using jobs::PartEnd;
using jobs::WorkOrder;

/// A folder of its own for what children leave, and the pool that has it as TMPDIR.
class Children {
public:
  explicit Children(JobsOptions options = {}) {
    std::string name = "/tmp/stos-children-XXXXXX";
    folder_ = mkdtemp(name.data());
    const char* const before = std::getenv("TMPDIR");
    before_ = before == nullptr ? "" : before;
    setenv("TMPDIR", folder_.c_str(), 1);
    ChildPool::Events events;
    events.progressed = [this](std::uint64_t, double fraction) {
      note([&] { progress_ = fraction; });
    };
    events.logged = [this](std::uint64_t, std::string text) { note([&] { log_ = text; }); };
    events.asked = [this](std::uint64_t copy, const ChildAsk& ask) {
      if (answer_asks)
        pool_->tell(copy, answer_line(ask.number, answer_to(ask.request)));
    };
    events.ended = [this](std::uint64_t copy, const PartEnd& end) {
      note([&] { ends_[copy] = end; });
    };
    pool_ = std::make_unique<ChildPool>(std::move(options), std::move(events));
  }
  ~Children() {
    pool_.reset();
    before_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  [[nodiscard]] ChildPool& pool() { return *pool_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] bool is_tidy() const { return std::filesystem::is_empty(folder_); }
  [[nodiscard]] double progress() const { return progress_; }
  [[nodiscard]] const std::string& log() const { return log_; }

  /// What scripts ask for is answered with its name as the value, and fence 7.
  bool answer_asks = true;
  static coordination::Answer answer_to(const coordination::Request& request) {
    coordination::Answer answer;
    answer.fence = 7;
    answer.revision = 9;
    answer.entries.push_back({request.name, "value of " + request.name, 8});
    return answer;
  }

  /// Waits until a copy has ended.
  PartEnd end_of(std::uint64_t copy) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ends_.contains(copy); });
    return ends_[copy];
  }
  PartEnd run(WorkOrder order) {
    const std::uint64_t copy = order.copy;
    pool_->start(std::move(order));
    return end_of(copy);
  }
  [[nodiscard]] bool has_ended(std::uint64_t copy) {
    const std::lock_guard lock(mutex_);
    return ends_.contains(copy);
  }

private:
  template <class Change>
  void note(const Change& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::string folder_, before_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, PartEnd> ends_;
  double progress_ = 0;
  std::string log_;
  std::unique_ptr<ChildPool> pool_;
};

WorkOrder order(const std::string& language, const std::string& script, std::string input = "3") {
  static std::uint64_t last_copy = 0;
  WorkOrder order;
  order.copy = ++last_copy;
  order.job = {7};
  order.spec.name = "script";
  order.spec.language = language;
  order.spec.script = script;
  order.what = WorkOrder::What::part;
  order.parts = 1;
  order.input = std::move(input);
  return order;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

const std::string python_squares = R"(
import stos_job
def split(arguments):
    print("this is for people")
    return [int(a) for a in arguments]
def part(number):
    stos_job.progress(0.5)
    stos_job.log("half of it")
    return {"square": number * number, "text": "ä\n\"x\""}
def reduce(results):
    return sum(r["square"] for r in results)
stos_job.run(split, part, reduce)
)";

TEST_CASE("A Python script splits, does parts and reduces") {
  Children children;
  WorkOrder split = order("python", python_squares);
  split.what = WorkOrder::What::split;
  split.spec.arguments = {"1", "22"};
  const PartEnd parts = children.run(split);
  CHECK(parts.why == "");
  CHECK(parts.parts == std::vector<std::string>{"1", "22"});
  CHECK(parts.has_reduce);
  const PartEnd part = children.run(order("python", python_squares, "22"));
  CHECK(part.is_good);
  CHECK(part.result == "{\"square\":484,\"text\":\"ä\\n\\\"x\\\"\"}");
  CHECK(children.progress() == 0.5);
  CHECK(children.log() == "half of it");
  WorkOrder reduction = order("python", python_squares);
  reduction.what = WorkOrder::What::reduction;
  reduction.results = {"{\"square\":1}", part.result};
  CHECK(children.run(reduction).result == "485");
  CHECK(children.is_tidy());
}

TEST_CASE("A shell script speaks the same protocol") {
  Children children;
  const PartEnd end = children.run(
      order("sh", "read -r task; echo '{\"progress\":0.1}'; echo \"{\\\"result\\\":${#task}}\""));
  CHECK(end.is_good);
  CHECK(std::stoi(end.result) > 50);
}

TEST_CASE("A script finds the files of its job beside itself, and none of the node's variables") {
  Children children;
  setenv("STOS_SECRET", "x", 1);
  WorkOrder with_file = order("sh", "echo \"{\\\"result\\\":\\\"$(cat words)$STOS_SECRET\\\"}\"");
  with_file.spec.files["words"] = "hello";
  CHECK(children.run(with_file).result == "\"hello\"");
  unsetenv("STOS_SECRET");
}

TEST_CASE("An exception in Python comes with its traceback, without the library's own lines") {
  Children children;
  const PartEnd end = children.run(order("python", R"(
import stos_job
def part(number):
    return 1 / (number - 3)
stos_job.run(lambda a: [], part)
)"));
  CHECK_FALSE(end.is_good);
  has(end.why, "ZeroDivisionError: division by zero");
  has(end.why, "File \"script\", line 4, in part");
  CHECK(end.why.find("stos_job.py") == std::string::npos);
}

TEST_CASE("Mistakes of authors get helpful answers") {
  Children children;
  has(children.run(order("python", "def x(:\n")).why, "SyntaxError");
  has(children.run(order("python", "import stos_job\nstos_job.run(lambda a: [], lambda x: {1, 2})"))
          .why,
      "what was returned cannot be said in JSON: Object of type set is not JSON serializable");
  WorkOrder split = order("python", "import stos_job\nstos_job.run(lambda a: None, lambda x: x)");
  split.what = WorkOrder::What::split;
  has(children.run(split).why, "split() returned None; wanted: a list of parts");
  has(children.run(order("python", "print('hello')")).why, "none of the protocol");
  has(children.run(order("python", "pass")).why,
      "it has ended with exit code 0, and gave no result");
  has(children.run(order("lua", "")).why, "this node has no language lua (jobs.languages)");
}

TEST_CASE("A language is what the node says it is") {
  JobsOptions options;
  options.languages = {"seven=sh -e", "sh=/bin/false", "none=/no/such/program"};
  Children children(options);
  CHECK(children.run(order("seven", "echo '{\"result\":7}'; false")).result == "7");
  has(children.run(order("sh", "")).why, "exit code 1");
  has(children.run(order("none", "")).why, "this node has no program \"/no/such/program\"");
}

TEST_CASE("A crash says so, and quotes the end of what was written to the standard error") {
  Children children;
  const PartEnd end = children.run(order("sh", R"(
i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i + 1)); done; kill -SEGV $$)"));
  has(end.why, "it has ended with signal 11 (Segmentation fault), and gave no result");
  has(end.why, "line 1999");
  CHECK(end.why.size() < ChildPool::errors_bytes_max + 200);
}

TEST_CASE("Garbage on the standard output ends a part, and is shown") {
  Children children;
  has(children.run(order("sh", "printf 'ab\\000\\377\\n'; sleep 1000")).why, "it is no JSON");
  has(children.run(order("sh", "echo 7; sleep 1000")).why, "it is no object");
  has(children.run(order("sh", "echo '{\"x\":1}'; sleep 1000")).why, "it has none of the names");
  has(children.run(order("python", "print('{\"result\":' + '[' * 100000 + ']' * 100000 + '}')"))
          .why,
      "100 levels");
}

TEST_CASE("Floods are bounded") {
  Children children;
  has(children.run(order("sh", "yes '{\"progress\":0.5}'")).why,
      "bytes to its standard output, and no result");
  has(children.run(order("sh", "tr '\\0' x < /dev/zero")).why, "a line of its standard output");
  WorkOrder to_errors = order("sh", "yes >&2");
  to_errors.spec.limits.time_s = 1;
  has(children.run(to_errors).why, "it has taken longer than 1");
}

TEST_CASE("A script that does not read its task is left alone, or late") {
  Children children;
  const std::string large = "\"" + std::string(1 << 20, 'x') + "\"";
  CHECK(children.run(order("sh", "echo '{\"result\":1}'", large)).result == "1");
  WorkOrder never = order("sh", "sleep 1000", large);
  never.spec.limits.time_s = 0.2;
  has(children.run(never).why, "it has taken longer than 0.2");
}

TEST_CASE("A script that takes more memory than it may is told so") {
  Children children;
  WorkOrder large =
      order("python", "import stos_job\nstos_job.run(None, lambda x: 'x' * (1 << 30))");
  large.spec.limits.memory_bytes = std::uint64_t{256} << 20;
  has(children.run(large).why, "MemoryError");
}

/// Something that a script and all that it starts hold open: a read of its end returns when all of
/// them are gone.
class Fifo {
public:
  explicit Fifo(std::string path) : path_(std::move(path)) {
    REQUIRE(mkfifo(path_.c_str(), 0600) == 0);
  }
  void wait_until_held() { reading_ = Descriptor(open(path_.c_str(), O_RDONLY)); }
  void wait_until_released() {
    char byte;
    while (read(reading_.get(), &byte, 1) != 0) {
    }
  }

private:
  std::string path_;
  Descriptor reading_;
};

// It leaves its process group, and loses its parent.
std::string forking_script(const std::string& fifo, const std::string& then) {
  return "exec 9>" + fifo + "\n(setsid sh -c 'sleep 1000 & sleep 1000' &)\nsleep 1000 &\n" + then;
}

TEST_CASE("What a script has started ends with it, also what has left its process group") {
  Children children;
  const std::string path = children.folder() + "/fifo";
  Fifo fifo(path);
  const WorkOrder forks = order("sh", forking_script(path, "echo '{\"result\":1}'"));
  children.pool().start(forks);
  fifo.wait_until_held();
  CHECK(children.end_of(forks.copy).is_good);
  fifo.wait_until_released();
}

TEST_CASE(
    "A copy that is not wanted any more ends with all that it has started, also if it refuses") {
  Children children;
  const std::string path = children.folder() + "/fifo";
  Fifo fifo(path);
  const WorkOrder stubborn = order("sh", "trap '' TERM\n" + forking_script(path, "wait"));
  children.pool().start(stubborn);
  fifo.wait_until_held();
  children.pool().kill(stubborn.copy);
  fifo.wait_until_released();
  CHECK(children.run(order("sh", "echo '{\"result\":2}'")).result == "2");
  CHECK_FALSE(children.has_ended(stubborn.copy));
}

TEST_CASE("A Python part that is cancelled cleans up") {
  Children children;
  const std::string path = children.folder() + "/fifo";
  Fifo fifo(path);
  const std::string note = children.folder() + "/note";
  const WorkOrder tidy = order("python", R"(
import stos_job, time
def part(number):
    try:
        held = open(")" + path + R"(", "w")
        time.sleep(1000)
    finally:
        open(")" + note + R"(", "w").write("tidy")
stos_job.run(lambda a: [], part)
)");
  children.pool().start(tidy);
  fifo.wait_until_held();
  children.pool().kill(tidy.copy);
  fifo.wait_until_released();
  std::string said;
  std::ifstream(note) >> said;
  CHECK(said == "tidy");
  CHECK_FALSE(children.has_ended(tidy.copy));
}

TEST_CASE("With the pool all its children end, and their folders") {
  auto children = std::make_unique<Children>();
  std::string name = "/tmp/stos-fifo-XXXXXX";
  const std::string folder = mkdtemp(name.data());
  Fifo fifo(folder + "/fifo");
  children->pool().start(order("sh", forking_script(folder + "/fifo", "wait")));
  fifo.wait_until_held();
  children.reset();
  fifo.wait_until_released();
  std::filesystem::remove_all(folder);
}

TEST_CASE("The folders of a process that is gone are removed by the next pool, and no others") {
  struct stat numbers {};
  REQUIRE(stat("/proc/self/ns/pid", &numbers) == 0);
  const pid_t gone = fork();
  if (gone == 0)
    _exit(0);
  waitpid(gone, nullptr, 0);
  const std::string begin = "stos-job-" + std::to_string(numbers.st_ino) + "-";
  const std::string left = begin + std::to_string(gone) + "-abcdef";
  const std::string used = begin + std::to_string(getppid()) + "-abcdef";
  const std::string elsewhere =
      "stos-job-" + std::to_string(numbers.st_ino + 1) + "-" + std::to_string(gone) + "-abcdef";
  std::string name = "/tmp/stos-place-XXXXXX";
  JobsOptions options;
  options.folder = mkdtemp(name.data());
  for (const std::string& each : {left, used, elsewhere})
    std::filesystem::create_directories(options.folder + "/" + each + "/more");
  {
    Children children(options);
    children.run(order("sh", "read task; echo '{\"result\": 1}'")); // the pool has begun
    CHECK_FALSE(std::filesystem::exists(options.folder + "/" + left));
    CHECK(std::filesystem::exists(options.folder + "/" + used));
    CHECK(std::filesystem::exists(options.folder + "/" + elsewhere));
  }
  std::filesystem::remove_all(options.folder);
}

TEST_CASE("When the node is killed by SIGKILL its children end, and their folders") {
  std::string name = "/tmp/stos-node-XXXXXX";
  const std::string folder = mkdtemp(name.data());
  const std::string path = folder + "/fifo";
  const std::string of_child = folder + "/of_child";
  Fifo fifo(path);
  std::filesystem::create_directory(of_child);
  const pid_t node = fork();
  if (node == 0) {
    SupervisedChild::Command command;
    command.words = {"/bin/sh", "-c", forking_script(path, "wait")};
    command.variables = {"PATH=/usr/bin:/bin"};
    command.folder = of_child;
    const Result<SupervisedChild> child = SupervisedChild::start(command);
    while (child)
      pause();
    _exit(1);
  }
  fifo.wait_until_held();
  kill(node, SIGKILL);
  waitpid(node, nullptr, 0);
  fifo.wait_until_released();
  constexpr int rounds_max = 6'000; // of 10 ms
  for (int i = 0; i < rounds_max && std::filesystem::exists(of_child); ++i)
    poll(nullptr, 0, 10);
  CHECK_FALSE(std::filesystem::exists(of_child));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a script asks for locks and values, and reads the answers from descriptor 3") {
  Children children;
  const PartEnd shell = children.run(order("sh", R"(read -r task
echo '{"ask": 5, "do": "lock", "name": "a"}'
read -r answer <&3
echo "{\"result\": $answer}")"));
  CHECK(shell.is_good);
  CHECK(shell.result == R"({"answer":5,"entries":[{"key":"a","revision":8,"value":"value of a"}],)"
                        R"("fence":7,"outcome":"done","revision":9})");
  const PartEnd python = children.run(order("python", R"(import stos_job, threading
def part(number):
    with stos_job.lock("ledger") as fence:
        threads = [threading.Thread(target=stos_job.kv.put, args=("k", "v")) for _ in range(20)]
        for each in threads: each.start()
        for each in threads: each.join()
        return [fence, stos_job.kv.get("key"), stos_job.kv.compare_and_set("key", 8, "x")]
stos_job.run(None, part))"));
  INFO(python.why);
  CHECK(python.is_good);
  CHECK(python.result == R"([7,"value of key",9])");
  CHECK(children.is_tidy());
}

TEST_CASE("a script that asks for what there is not, or reads no answers, fails with the reason") {
  Children children;
  const PartEnd unknown = children.run(order("sh", R"(echo '{"ask": 1, "do": "fly"}'; cat)"));
  has(unknown.why, "do is lock, unlock, get, put, delete, propose or list");
  children.answer_asks = false;
  const PartEnd flood = children.run(
      order("sh", R"(i=0; while [ $i -lt 40 ]; do echo '{"ask": 1, "do": "get"}'; i=$((i + 1)); done
sleep 60)"));
  has(flood.why, "it asks for more than it reads the answers to: the limit is 32 at a time");
}

} // namespace
} // namespace stos::detail
