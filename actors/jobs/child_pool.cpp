#include "actors/jobs/child_pool.hpp"

#include "actors/jobs/stos_job_py.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace stos::detail {
namespace {

using jobs::PartEnd;
using jobs::WorkOrder;

constexpr std::string_view library_name = "stos_job.py";

Error io_error(std::string text) { return {Errc::io_error, std::move(text)}; }

std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < command.size();) {
    const std::size_t end = std::min(command.find(' ', begin), command.size());
    if (end > begin)
      words.push_back(command.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// The command of a language; nothing if there is none.
std::optional<std::string> command_of(const std::string& language,
                                      const std::vector<std::string>& languages) {
  for (const std::string& each : languages)
    if (const std::size_t sign = each.find('=');
        sign != std::string::npos && each.substr(0, sign) == language)
      return each.substr(sign + 1);
  if (language == "python")
    return "python3";
  if (language == "sh")
    return "sh";
  return std::nullopt;
}

std::string place_of_folders(const JobsOptions& options) {
  if (!options.folder.empty())
    return options.folder;
  const char* const temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

// The name of a folder says which process has made it: its number, and among whose numbers that is.
std::string name_of_folders() {
  struct stat numbers {};
  stat("/proc/self/ns/pid", &numbers);
  return "stos-job-" + std::to_string(numbers.st_ino) + "-";
}

// Those of processes that were killed in the moment between a folder and the process for it.
void remove_leftovers(const std::string& place) {
  const std::string begin = name_of_folders();
  std::error_code ignored;
  std::vector<std::filesystem::path> leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(place, ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t maker = 0;
    if (name.starts_with(begin))
      std::from_chars(name.data() + begin.size(), name.data() + name.size(), maker);
    if (maker > 0 && kill(maker, 0) != 0 && errno == ESRCH)
      leftovers.push_back(entry.path());
  }
  for (const std::filesystem::path& each : leftovers)
    std::filesystem::remove_all(each, ignored);
}

Result<std::string> make_folder(const std::string& place) {
  std::string folder = place + "/" + name_of_folders() + std::to_string(getpid()) + "-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr)
    return io_error("no folder " + folder + " can be made: " + std::strerror(errno));
  return folder;
}

Result<void> write_file(const std::string& folder, const std::string& name,
                        std::string_view content) {
  std::ofstream file(folder + "/" + name, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file)
    return io_error("file " + name + " of the job cannot be written into " + folder);
  return {};
}

std::string variable(const char* name, const std::string& otherwise) {
  const char* const value = std::getenv(name);
  return std::string(name) + "=" + (value == nullptr ? otherwise : value);
}

void remove(const std::string& folder) {
  std::error_code ignored;
  if (!folder.empty())
    std::filesystem::remove_all(folder, ignored);
}

} // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* const list = std::getenv("PATH");
  const std::string folders = list == nullptr ? "/usr/local/bin:/usr/bin:/bin" : list;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string path = folders.substr(begin, end - begin) + "/" + name;
    if (access(path.c_str(), X_OK) == 0)
      return path;
    begin = end + 1;
  }
  return std::nullopt;
}

struct ChildPool::Child {
  WorkOrder order;
  std::string folder;
  std::optional<SupervisedChild> process;
  double time_s = 0; // that it may take
  Clock::time_point began = Clock::now();
  Clock::time_point deadline;
  std::string to_say;
  std::size_t said = 0;
  std::string to_answer;
  std::size_t asks = 0; // without an answer
  std::string line;     // that is not complete yet
  std::size_t heard = 0;
  std::string errors; // the end of them
  bool is_wanted = true;
  bool has_ended = false;
  std::optional<PartEnd> end;
  std::optional<double> progress; // not told yet
  std::optional<std::string> log; // likewise
  Clock::time_point told{};

  [[nodiscard]] bool is_split() const { return order.what == WorkOrder::What::split; }
};

ChildPool::ChildPool(JobsOptions options, Events events)
    : options_(std::move(options)), events_(std::move(events)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { run(); }) {}

ChildPool::~ChildPool() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void ChildPool::start(WorkOrder order) {
  {
    const std::lock_guard lock(mutex_);
    to_start_.push_back(std::move(order));
  }
  eventfd_write(wake_.get(), 1);
}

void ChildPool::kill(std::uint64_t copy) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(to_start_, [copy](const WorkOrder& order) { return order.copy == copy; });
    to_kill_.push_back(copy);
  }
  eventfd_write(wake_.get(), 1);
}

void ChildPool::tell(std::uint64_t copy, std::string line) {
  {
    const std::lock_guard lock(mutex_);
    to_tell_.emplace_back(copy, std::move(line));
  }
  eventfd_write(wake_.get(), 1);
}

void ChildPool::fail(std::uint64_t copy, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    to_fail_.emplace_back(copy, std::move(why));
  }
  eventfd_write(wake_.get(), 1);
}

// A script that does not read is no reason to end with SIGPIPE: this thread takes no signals.
void ChildPool::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  remove_leftovers(place_of_folders(options_));
  for (;;) {
    std::vector<pollfd> ready{{wake_.get(), POLLIN, 0}};
    for (auto& [copy, child] : children_) {
      for (const Descriptor* each :
           {&child->process->status, &child->process->output, &child->process->errors})
        if (*each)
          ready.push_back({each->get(), POLLIN, 0});
      if (child->process->input)
        ready.push_back({child->process->input.get(), POLLOUT, 0});
      if (child->process->answers && !child->to_answer.empty())
        ready.push_back({child->process->answers.get(), POLLOUT, 0});
    }
    poll(ready.data(), ready.size(), wait_ms());
    {
      const std::lock_guard lock(mutex_);
      if (ends_)
        break;
    }
    take_orders();
    for (auto child = children_.begin(); child != children_.end();) {
      attend(*child->second);
      child = child->second->has_ended ? children_.erase(child) : std::next(child);
    }
  }
  for (auto& [copy, child] : children_)
    child->process->kill();
  for (auto& [copy, child] : children_) {
    child->process.reset();
    remove(child->folder);
  }
}

int ChildPool::wait_ms() const {
  constexpr double longest_s = 60;
  double wait_s = longest_s;
  const Clock::time_point now = Clock::now();
  const auto until = [&](Clock::time_point time) {
    wait_s = std::min(wait_s, std::chrono::duration<double>(time - now).count());
  };
  for (const auto& [copy, child] : children_) {
    if (child->is_wanted)
      until(child->deadline);
    if (child->progress || child->log)
      until(child->told + std::chrono::milliseconds(static_cast<int>(1000 * news_s)));
  }
  return static_cast<int>(1000 * std::max(wait_s, 0.0)) + 1;
}

void ChildPool::take_orders() {
  eventfd_t ignored;
  eventfd_read(wake_.get(), &ignored);
  std::vector<WorkOrder> to_start;
  std::vector<std::uint64_t> to_kill;
  std::vector<std::pair<std::uint64_t, std::string>> to_tell;
  std::vector<std::pair<std::uint64_t, std::string>> to_fail;
  {
    const std::lock_guard lock(mutex_);
    to_start.swap(to_start_);
    to_kill.swap(to_kill_);
    to_tell.swap(to_tell_);
    to_fail.swap(to_fail_);
  }
  for (const auto& [copy, line] : to_tell)
    if (const auto child = children_.find(copy); child != children_.end()) {
      child->second->to_answer += line;
      child->second->asks -= 1;
    }
  for (const auto& [copy, why] : to_fail)
    if (const auto child = children_.find(copy); child != children_.end() && !child->second->end)
      fail(*child->second, why);
  for (const std::uint64_t copy : to_kill)
    if (const auto child = children_.find(copy); child != children_.end()) {
      child->second->is_wanted = false;
      child->second->process->terminate();
    }
  for (WorkOrder& order : to_start)
    begin(std::move(order));
}

void ChildPool::begin(WorkOrder order) {
  const std::uint64_t copy = order.copy;
  Result<SupervisedChild::Command> command = prepare(order);
  Result<SupervisedChild> process =
      command ? SupervisedChild::start(*command) : Result<SupervisedChild>(command.error());
  if (!process) {
    if (command)
      remove(command->folder);
    PartEnd end;
    end.why = process.error().context;
    return events_.ended(copy, std::move(end));
  }
  auto child = std::make_unique<Child>();
  child->to_say = task_line(order);
  child->folder = command->folder;
  child->process.emplace(*std::move(process));
  child->time_s = std::min(order.spec.limits.time_s, options_.time_max_s);
  child->deadline = child->began + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(child->time_s));
  child->order = std::move(order);
  child->order.results.clear();
  children_[copy] = std::move(child);
}

Result<SupervisedChild::Command> ChildPool::prepare(const WorkOrder& order) const {
  const jobs::JobSpec& spec = order.spec;
  const std::optional<std::string> command = command_of(spec.language, options_.languages);
  if (!command)
    return Error{Errc::not_supported,
                 "this node has no language " + spec.language + " (jobs.languages)"};
  std::vector<std::string> words = words_of(*command);
  const std::optional<std::string> program =
      words.empty() ? std::nullopt : find_program(words.front());
  if (!program)
    return Error{Errc::not_supported, "this node has no program \"" + *command +
                                          "\" for language " + spec.language + " (jobs.languages)"};
  const Result<std::string> folder = make_folder(place_of_folders(options_));
  if (!folder)
    return folder.error();
  Result<void> written = write_file(*folder, spec.name, spec.script);
  for (const auto& [name, content] : spec.files)
    if (written)
      written = write_file(*folder, name, content);
  if (written && spec.language == "python" && !spec.files.contains(std::string(library_name)))
    written = write_file(*folder, std::string(library_name), stos_job_py);
  if (!written) {
    remove(*folder);
    return written.error();
  }
  words.front() = *program;
  words.push_back(*folder + "/" + spec.name);
  SupervisedChild::Command result;
  result.words = std::move(words);
  result.folder = *folder;
  result.memory_bytes = std::min(spec.limits.memory_bytes, options_.memory_max_bytes);
  result.variables = {variable("PATH", "/usr/local/bin:/usr/bin:/bin"),
                      "HOME=" + *folder,
                      "TMPDIR=" + *folder,
                      "LANG=C.UTF-8",
                      "PYTHONDONTWRITEBYTECODE=1",
                      "JOB_OF_STOS=" + to_string(order.job)};
  return result;
}

void ChildPool::attend(Child& child) {
  feed(child);
  feed_answers(child);
  read_output(child);
  read_errors(child);
  if (child.is_wanted && Clock::now() >= child.deadline) {
    if (!child.end)
      fail(child, "it has taken longer than " + std::to_string(child.time_s) + " s");
    child.deadline += std::chrono::hours(24);
    child.process->kill();
  }
  tell_news(child, false);
  pollfd status{child.process->status.get(), POLLIN, 0};
  if (poll(&status, 1, 0) > 0)
    finish(child);
}

void ChildPool::feed(Child& child) {
  Descriptor& input = child.process->input;
  while (input) {
    const ssize_t size =
        write(input.get(), child.to_say.data() + child.said, child.to_say.size() - child.said);
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return;
    child.said += size > 0 ? static_cast<std::size_t>(size) : 0;
    if (size <= 0 || child.said == child.to_say.size()) { // a script need not read
      input.reset();
      child.to_say = {};
    }
  }
}

void ChildPool::feed_answers(Child& child) {
  Descriptor& answers = child.process->answers;
  while (answers && !child.to_answer.empty()) {
    const ssize_t size = write(answers.get(), child.to_answer.data(), child.to_answer.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return;
    if (size <= 0)
      answers.reset();
    else
      child.to_answer.erase(0, static_cast<std::size_t>(size));
  }
}

namespace {

/// Reads what there is, for `take`, but not for ever; closes at the end.
template <class Take>
void read_some(Descriptor& from, const Take& take) {
  constexpr int rounds_max = 16;
  char bytes[64 << 10];
  for (int round = 0; from && round < rounds_max; ++round) {
    const ssize_t size = read(from.get(), bytes, sizeof bytes);
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return;
    if (size <= 0)
      return from.reset();
    take(std::string_view(bytes, static_cast<std::size_t>(size)));
  }
}

} // namespace

void ChildPool::read_output(Child& child) {
  read_some(child.process->output, [this, &child](std::string_view bytes) {
    child.heard += bytes.size();
    if (child.end)
      return; // nothing more is of interest
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos && !child.end;
         end = bytes.find('\n')) {
      child.line += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      hear(child, std::exchange(child.line, {}));
    }
    if (!child.end)
      child.line += bytes;
    if (!child.end && child.line.size() > child_line_bytes_max)
      fail(child, "a line of its standard output has more than " +
                      std::to_string(child_line_bytes_max) + " bytes");
    if (!child.end && child.heard > output_bytes_max)
      fail(child, "it has written more than " + std::to_string(output_bytes_max) +
                      " bytes to its standard output, and no result");
  });
}

void ChildPool::read_errors(Child& child) {
  read_some(child.process->errors, [&child](std::string_view bytes) {
    child.errors += bytes;
    if (child.errors.size() > errors_bytes_max)
      child.errors.erase(0, child.errors.size() - errors_bytes_max);
  });
}

void ChildPool::hear(Child& child, std::string_view line) {
  if (line.size() > child_line_bytes_max)
    return fail(child, "a line of its standard output has more than " +
                           std::to_string(child_line_bytes_max) + " bytes");
  ChildWord word = read_child_line(line, child.is_split());
  if (const auto* progress = std::get_if<ChildProgress>(&word)) {
    child.progress = progress->fraction;
  } else if (auto* log = std::get_if<ChildLog>(&word)) {
    child.log = std::move(log->text);
  } else if (auto* ask = std::get_if<ChildAsk>(&word)) {
    if (++child.asks > asks_max || child.to_answer.size() > child_line_bytes_max)
      return fail(child, "it asks for more than it reads the answers to: the limit is " +
                             std::to_string(asks_max) + " at a time");
    if (child.is_wanted && events_.asked)
      events_.asked(child.order.copy, std::move(*ask));
  } else if (const auto* failure = std::get_if<ChildFailure>(&word)) {
    fail(child, failure->why);
  } else if (auto* result = std::get_if<ChildResult>(&word)) {
    PartEnd end;
    end.is_good = true;
    end.result = std::move(result->result);
    end.parts = std::move(result->parts);
    end.has_reduce = result->has_reduce;
    child.end = std::move(end);
    child.deadline = Clock::now() + std::chrono::milliseconds(static_cast<int>(1000 * farewell_s));
  }
}

// It ends now, so that the end of its standard error can be quoted.
void ChildPool::fail(Child& child, std::string why) {
  child.end.emplace();
  child.end->why = std::move(why);
  child.process->kill();
}

void ChildPool::tell_news(Child& child, bool at_once) {
  const bool is_time = at_once || Clock::now() >= child.told + std::chrono::milliseconds(
                                                                   static_cast<int>(1000 * news_s));
  if (!child.is_wanted || !is_time || (!child.progress && !child.log))
    return;
  child.told = Clock::now();
  if (child.progress)
    events_.progressed(child.order.copy, *std::exchange(child.progress, std::nullopt));
  if (child.log)
    events_.logged(child.order.copy, *std::exchange(child.log, std::nullopt));
}

void ChildPool::finish(Child& child) {
  read_output(child);
  read_errors(child);
  const int ending = child.process->ending();
  if (!child.end && !child.line.empty())
    hear(child, std::exchange(child.line, {}));
  if (!child.end) {
    child.end.emplace();
    child.end->why = "it has ended with " + describe_ending(ending) + ", and gave no result";
  }
  if (!child.end->is_good && !child.errors.empty())
    child.end->why += "\nthe end of its standard error:\n" + child.errors;
  child.end->seconds = std::chrono::duration<double>(Clock::now() - child.began).count();
  tell_news(child, true);
  child.process.reset();
  remove(child.folder);
  child.has_ended = true;
  if (child.is_wanted)
    events_.ended(child.order.copy, *std::move(child.end));
}

} // namespace stos::detail
