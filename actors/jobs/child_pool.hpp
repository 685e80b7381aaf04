#pragma once

#include "actors/jobs/child_process.hpp"
#include "actors/jobs/child_protocol.hpp"
#include "libstos/options/jobs_options.hpp"
#include "libstos/service/jobs/job_node.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace stos::detail {

/// The child processes of a node: runs copies of parts as the JobNode wants it, and says what comes
/// of them.
///
/// A script is fed its task, and read until it has given a result or has failed: it crashed, wrote
/// what is not of the protocol, took too long, wrote too much. Then all that is left of it is
/// killed; its folder goes with it. What it writes to its standard error is read and forgotten but
/// for the end, which a failure quotes.
///
/// Threads: start() and kill() may be called from any; what has happened is told by a thread of the
///          pool's own, which waits for all processes. The destructor kills all of them.
/// Limits:  `asks_max` questions that a script has not read the answers to; a line
///          child_line_bytes_max, all lines `output_bytes_max`, of the standard error
///          `errors_bytes_max` are kept, progress and logs are told every `news_s` at most.
class ChildPool {
public:
  static constexpr std::size_t output_bytes_max = 8 << 20;
  static constexpr std::size_t errors_bytes_max = 4 << 10;
  static constexpr std::size_t asks_max = 32;
  static constexpr double news_s = 0.1;
  static constexpr double farewell_s = 5; ///< after its result, a script is to end

  /// Called by the pool's thread.
  struct Events {
    std::function<void(std::uint64_t copy, double progress)> progressed;
    std::function<void(std::uint64_t copy, std::string text)> logged;
    std::function<void(std::uint64_t copy, ChildAsk ask)> asked;      ///< for tell()
    std::function<void(std::uint64_t copy, jobs::PartEnd end)> ended; ///< the last one of a copy
  };

  ChildPool(JobsOptions options, Events events);
  ~ChildPool();
  ChildPool(const ChildPool&) = delete;
  ChildPool& operator=(const ChildPool&) = delete;

  void start(jobs::WorkOrder order);
  /// What becomes of the copy is of no interest any more: it is asked to end, and killed a second
  /// later. Without effect on one that has ended.
  void kill(std::uint64_t copy);
  /// A line for its descriptor 3.
  void tell(std::uint64_t copy, std::string line);
  /// It fails with that reason.
  void fail(std::uint64_t copy, std::string why);

private:
  using Clock = std::chrono::steady_clock;
  struct Child;

  void run();
  void take_orders();
  void begin(jobs::WorkOrder order);
  [[nodiscard]] Result<SupervisedChild::Command> prepare(const jobs::WorkOrder& order) const;
  void attend(Child& child);
  void feed(Child& child);
  void feed_answers(Child& child);
  void read_output(Child& child);
  void read_errors(Child& child);
  void hear(Child& child, std::string_view line);
  void fail(Child& child, std::string why);
  void tell_news(Child& child, bool at_once);
  void finish(Child& child);
  [[nodiscard]] int wait_ms() const;

  const JobsOptions options_;
  const Events events_;
  const Descriptor wake_;
  std::mutex mutex_; // of the next five
  std::vector<jobs::WorkOrder> to_start_;
  std::vector<std::uint64_t> to_kill_;
  std::vector<std::pair<std::uint64_t, std::string>> to_tell_;
  std::vector<std::pair<std::uint64_t, std::string>> to_fail_;
  bool ends_ = false;
  std::map<std::uint64_t, std::unique_ptr<Child>> children_; // of the thread
  std::thread thread_;                                       // last
};

/// The path of a program, looked for as shells do; nothing if there is none.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

} // namespace stos::detail
