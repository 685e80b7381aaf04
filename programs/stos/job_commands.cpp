#include "programs/stos/job_commands.hpp"

#include "actors/jobs.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/cluster_access.hpp"
#include "programs/stos/job_views.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

namespace stos::program {
namespace {

using jobs::Job;
using jobs::JobId;
using jobs::JobSpec;
using jobs::JobStatus;

constexpr int exit_by_signal = 128;

/// What all of them are told.
struct Access {
  ClusterAccess cluster;
  double lost_s = 30;

  [[nodiscard]] Result<std::unique_ptr<JobClient>> connect(bool commands) const {
    return JobClient::connect(
        {cluster.nodes_to_ask(), cluster.patience_s, cluster.tls, cluster.insecure, commands});
  }
};

// ---- what ends a wait

volatile std::sig_atomic_t signal_seen = 0;

void note_signal(int signal) { signal_seen = signal; }

/// The first signal is noted, the second one ends the process.
void watch_signals() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaction(signal, &action, nullptr);
}

// ---- waiting for a job

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Shows on standard error how the job goes on.
class Display {
public:
  void show(const JobStatus* job) {
    if (!is_terminal_) {
      if (const std::string news = progress_.news(job, now_s()); !news.empty())
        std::cerr << news + "\n" << std::flush;
      return;
    }
    std::cerr << "\r" + progress_.line(job, now_s(), columns() - 1) + "\033[K" << std::flush;
    is_drawn_ = true;
  }
  void end() {
    if (is_drawn_)
      std::cerr << "\n" << std::flush;
    is_drawn_ = false;
  }

private:
  static std::size_t columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ? 80 : size.ws_col;
  }

  const bool is_terminal_ = isatty(STDERR_FILENO) != 0;
  bool is_drawn_ = false;
  JobProgress progress_;
};

Result<JobStatus> watch(JobClient& client, JobId id, double lost_s) {
  Display display;
  Result<JobStatus> status = client.wait(
      id,
      [&display](const JobStatus* job) {
        display.show(job);
        return signal_seen == 0;
      },
      lost_s);
  if (status && status->is_over())
    display.show(&*status);
  display.end();
  return status;
}

// Of a job that is over; another node than the one that has said so may be a moment behind.
Result<std::string> fetch(JobClient& client, JobId id) {
  constexpr double patience_s = 10;
  constexpr std::chrono::milliseconds moment(100);
  const double until_s = now_s() + patience_s;
  for (;;) {
    Result<std::string> result = client.result(id);
    if (result || result.error().code == Errc::model_exception || now_s() > until_s)
      return result;
    std::this_thread::sleep_for(moment);
  }
}

int print_result(const CLI::App& app, JobClient& client, JobId id) {
  const Result<std::string> result = fetch(client, id);
  if (!result)
    return failed(app, result.error().code == Errc::model_exception
                           ? "job " + to_string(id) + ": " + result.error().context
                           : result.error().context);
  std::cout << *result + "\n" << std::flush;
  return 0;
}

int cancel_after_signal(const CLI::App& app, JobClient& client, JobId id) {
  const int signal = signal_seen;
  constexpr double patience_s = 10;
  if (const Result<void> cancelled = client.cancel(id); !cancelled) {
    failed(app, "job " + to_string(id) + " cannot be cancelled: " + cancelled.error().context);
    return exit_by_signal + signal;
  }
  const double until_s = now_s() + patience_s;
  const Result<JobStatus> status =
      client.wait(id, [until_s](const JobStatus*) { return now_s() < until_s; });
  std::cerr << app.get_name() + ": job " + to_string(id) +
                   (status && status->is_over() ? " was cancelled\n"
                                                : " is to be cancelled, and goes on until a "
                                                  "majority of nodes knows it\n")
            << std::flush;
  return exit_by_signal + signal;
}

// ---- submit

struct Submission {
  std::string script;
  std::vector<std::string> files;
  JobSpec spec;
  bool detach = false;
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::error_code none;
  if (!file || !std::filesystem::is_regular_file(path, none))
    return Error{Errc::io_error, "file " + path + " cannot be read"};
  return content;
}

/// By the ending of the script's name; empty if that says nothing.
std::string language_of(const std::string& script) {
  std::string ending = std::filesystem::path(script).extension().string();
  ending.erase(0, 1);
  return ending == "py" ? "python" : ending;
}

Result<void> load(Submission& submission) {
  JobSpec& spec = submission.spec;
  Result<std::string> script = read_file(submission.script);
  if (!script)
    return script.error();
  spec.script = *std::move(script);
  spec.name = std::filesystem::path(submission.script).filename().string();
  if (spec.language.empty())
    spec.language = language_of(submission.script);
  if (spec.language.empty())
    return Error{Errc::bad_argument, "the name of " + submission.script +
                                         " does not say its language; wanted: --language L"};
  for (const std::string& path : submission.files) {
    Result<std::string> content = read_file(path);
    if (!content)
      return content.error();
    const std::string name = std::filesystem::path(path).filename().string();
    if (!spec.files.emplace(name, *std::move(content)).second)
      return Error{Errc::bad_argument, "two files are called " + name};
  }
  return jobs::check(spec);
}

void declare(CLI::App& app, Submission& submission) {
  jobs::PartLimits& limits = submission.spec.limits;
  app.add_option("script", submission.script,
                 "The script and its arguments; those that begin with - come behind --.")
      ->required()
      ->type_name("SCRIPT [ARGS]...");
  app.add_option("--language", submission.spec.language,
                 "python, sh, or another one of jobs.languages; default: by the script's ending.");
  app.add_option("--file", submission.files, "A file that lies beside the script; may be repeated.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--parts-at-once", limits.parts_at_once,
                 "So many parts at a time on all nodes; default: as many as there are slots.")
      ->type_name("N");
  app.add_option("--retries", limits.retries, "So often a part that has failed is tried again.")
      ->type_name("N")
      ->capture_default_str();
  add_duration(app, "--time", limits.time_s, 0.1, 604'800, "Time that a part has; default: 1 h.");
  app.add_option("--memory", limits.memory_bytes,
                 "Memory that each process of a part has, with a unit or in bytes; default: 1 GiB.")
      ->transform(CLI::Validator(CLI::AsSizeValue(false)).description(""))
      ->type_name("BYTES");
  app.add_flag("--detach", submission.detach,
               "Do not wait: print the job's id as soon as the cluster has it.");
}

std::string how_to_go_on(JobId id, const Access& access) {
  std::string nodes;
  for (const NodeAddress& node : access.cluster.nodes)
    nodes += (nodes.empty() ? " --node " : ",") + to_string(node);
  return "stos job result " + to_string(id) + " --wait" + nodes;
}

int detach(const CLI::App& app, JobClient& client, JobId id, const Access& access) {
  const Result<JobStatus> status = client.wait(
      id, [](const JobStatus* job) { return job == nullptr && signal_seen == 0; }, access.lost_s);
  if (!status)
    return failed(app, status.error().context + "; if it has begun: " + how_to_go_on(id, access));
  std::cerr << "the job goes on; its result: " + how_to_go_on(id, access) + "\n" << std::flush;
  std::cout << to_string(id) + "\n" << std::flush;
  return 0;
}

int submit(const std::vector<std::string>& words) {
  CLI::App app(
      "Has the nodes of a cluster do a script together, shows how far they are, and prints "
      "its result\nas JSON. SIGINT (Ctrl-C) cancels the job. See docs/jobs.md.",
      "stos job submit");
  Access access;
  Submission submission;
  declare(app, submission);
  add_cluster_access(app, access.cluster);
  if (const auto exit_code =
          parse_words(app, words, submission.spec.arguments, std::cout, std::cerr))
    return *exit_code;
  if (const Result<void> loaded = load(submission); !loaded)
    return failed(app, loaded.error().context);
  const auto client = access.connect(true);
  if (!client)
    return failed(app, client.error().context);
  watch_signals();
  const JobId id = new_job_id();
  if (const Result<void> submitted = (*client)->submit(id, submission.spec); !submitted)
    return failed(app, submitted.error().context);
  if (submission.detach)
    return detach(app, **client, id, access);
  std::cerr << "job " + to_string(id) + "\n" << std::flush;
  const Result<JobStatus> status = watch(**client, id, access.lost_s);
  if (signal_seen != 0 && !(status && status->is_over()))
    return cancel_after_signal(app, **client, id);
  if (!status)
    return failed(app, status.error().context + "; the job may go on: " + how_to_go_on(id, access));
  return print_result(app, **client, id);
}

// ---- the others

/// A job that the command line names, and a node to be asked about it.
struct KnownJob {
  Access access;
  JobId id;
  std::unique_ptr<JobClient> client;

  /// Reads the command line, of which `app` has the other options, and calls a node. The exit code,
  /// if that is all.
  std::optional<int> find(CLI::App& app, const std::vector<std::string>& words, bool commands) {
    std::string text;
    app.add_option("job", text, "Its id, as stos job submit and stos job list show it.")
        ->required()
        ->type_name("JOB");
    add_cluster_access(app, access.cluster);
    if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
      return exit_code;
    const Result<JobId> read = jobs::job_id_from(text);
    if (!read)
      return report_bad_usage(app, read.error().context, std::cerr);
    auto connected = access.connect(commands);
    if (!connected)
      return failed(app, connected.error().context);
    id = *read;
    client = *std::move(connected);
    return std::nullopt;
  }
};

int status(const std::vector<std::string>& words) {
  CLI::App app("Shows how a job goes on, and where its parts run.", "stos job status");
  KnownJob known;
  bool json = false;
  app.add_flag("--json", json, "One line of JSON, for scripts.");
  if (const auto exit_code = known.find(app, words, false))
    return *exit_code;
  const Result<JobStatus> status = known.client->status(known.id);
  if (!status)
    return failed(app, status.error().context);
  std::cout << (json ? job_as_json(*status) : job_as_text(*status)) << std::flush;
  return 0;
}

int result(const std::vector<std::string>& words) {
  CLI::App app("Prints what has come of a job, as JSON.", "stos job result");
  KnownJob known;
  bool waits = false;
  app.add_flag("--wait", waits, "Until it is over; SIGINT (Ctrl-C) ends only the waiting.");
  if (const auto exit_code = known.find(app, words, false))
    return *exit_code;
  if (waits) {
    watch_signals();
    const Result<JobStatus> status = watch(*known.client, known.id, known.access.lost_s);
    if (signal_seen != 0 && !(status && status->is_over()))
      return exit_by_signal + static_cast<int>(signal_seen);
    if (!status)
      return failed(app, status.error().context);
    return print_result(app, *known.client, known.id);
  }
  const Result<std::string> got = known.client->result(known.id);
  if (!got)
    return failed(app, got.error().code == Errc::model_exception
                           ? "job " + to_string(known.id) + ": " + got.error().context
                           : got.error().context);
  std::cout << *got + "\n" << std::flush;
  return 0;
}

int cancel(const std::vector<std::string>& words) {
  CLI::App app("Ends a job: all its processes, on all nodes.", "stos job cancel");
  KnownJob known;
  if (const auto exit_code = known.find(app, words, true))
    return *exit_code;
  if (const Result<void> cancelled = known.client->cancel(known.id); !cancelled)
    return failed(app, cancelled.error().context);
  watch_signals();
  const Result<JobStatus> status =
      known.client->wait(known.id, [](const JobStatus*) { return signal_seen == 0; });
  if (!status)
    return failed(app, status.error().context);
  std::cout << "job " + to_string(known.id) + " " +
                   (status->is_over() ? std::string(to_string(status->phase))
                                      : "is to be cancelled") +
                   "\n"
            << std::flush;
  return 0;
}

int list(const std::vector<std::string>& words) {
  CLI::App app("Shows the jobs that a cluster has, and had of late.", "stos job list");
  Access access;
  bool json = false;
  app.add_flag("--json", json, "One line of JSON, for scripts.");
  add_cluster_access(app, access.cluster);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto client = access.connect(false);
  if (!client)
    return failed(app, client.error().context);
  const Result<std::vector<JobStatus>> all = (*client)->list();
  if (!all)
    return failed(app, all.error().context);
  std::cout << (json ? jobs_as_json(*all) : jobs_as_text(*all)) << std::flush;
  return 0;
}

} // namespace

int job(const std::vector<std::string>& words) {
  return dispatch_word(
      "job", "Scripts whose parts the nodes of a cluster share; see docs/jobs.md.",
      {{"submit", "Have the nodes do a script together, and print its result.", submit},
       {"status", "Show how a job goes on.", status},
       {"result", "Print what has come of a job.", result},
       {"cancel", "End a job on all nodes.", cancel},
       {"list", "Show all jobs.", list}},
      words);
}

} // namespace stos::program
