#include "libstos/service/jobs/schedule.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace stos::jobs {
namespace {

constexpr double straggler_factor = 2;

/// A job, and which of its tasks are to be looked at next.
struct Queue {
  const Job* job;
  std::size_t running;
  std::size_t next = 0;

  [[nodiscard]] bool may_run_more() const {
    const std::uint32_t most = job->spec.limits.parts_at_once;
    return most == 0 || running < most;
  }
};

class Free {
public:
  Free(const JobTable& table, const std::vector<Slots>& slots) {
    for (const Slots& each : slots)
      free_[each.worker] = each.count;
    for (const auto& [number, where] : table.copies())
      for (const Copy& copy : table.find(where.first)->tasks[where.second].copies)
        if (const auto found = free_.find(copy.worker);
            copy.number == number && found != free_.end() && found->second > 0)
          --found->second;
  }

  [[nodiscard]] bool any() const {
    return std::ranges::any_of(free_, [](const auto& each) { return each.second > 0; });
  }

  /// The worker for `task`, which it then has; none on which it runs.
  [[nodiscard]] std::optional<Worker> take(const Task& task) {
    std::optional<Worker> best;
    std::pair<bool, std::uint32_t> rank_of_best;
    for (const auto& [worker, count] : free_) {
      const bool runs_there = std::ranges::any_of(
          task.copies, [&of = worker](const Copy& copy) { return copy.worker == of; });
      if (count == 0 || runs_there)
        continue;
      const std::pair rank(worker.node != task.failed_on, count);
      if (!best || rank > rank_of_best) {
        best = worker;
        rank_of_best = rank;
      }
    }
    if (best)
      --free_[*best];
    return best;
  }

private:
  std::map<Worker, std::uint32_t> free_;
};

/// The fairest of those that have a task for which `fits` holds; the task is queue.next then.
template <class Fits>
Queue* next_of(std::vector<Queue>& queues, const Fits& fits) {
  Queue* best = nullptr;
  for (Queue& queue : queues) {
    if (!queue.may_run_more())
      continue;
    while (queue.next < queue.job->tasks.size() && !fits(queue, queue.job->tasks[queue.next]))
      ++queue.next;
    if (queue.next == queue.job->tasks.size())
      continue;
    if (best == nullptr || queue.running < best->running)
      best = &queue;
  }
  return best;
}

/// From when on a part of the job counts as a straggler; nothing if too few are done.
std::optional<double> straggler_age_s(const Job& job) {
  if (job.phase != Job::Phase::parts || job.parts_done == 0 || 2 * job.parts_done < job.parts)
    return std::nullopt;
  std::vector<double> seconds;
  for (std::size_t i = 1; i < job.tasks.size(); ++i)
    if (job.tasks[i].is_done)
      seconds.push_back(job.tasks[i].seconds);
  const auto median = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::ranges::nth_element(seconds, median);
  return std::max(straggler_factor * *median, straggler_s_min);
}

} // namespace

std::vector<JobTable::Assignment> schedule(const JobTable& table, const std::vector<Slots>& slots,
                                           const AgeOfCopy& age_s) {
  std::vector<JobTable::Assignment> assignments;
  Free free(table, slots);
  std::vector<Queue> queues;
  for (const auto& [id, job] : table.jobs())
    if (!job.is_over())
      queues.push_back({&job, job.copies()});
  std::ranges::sort(queues, {}, [](const Queue& queue) { return queue.job->order; });
  const auto assign_all = [&](const auto& fits) {
    while (free.any()) {
      Queue* const queue = next_of(queues, fits);
      if (queue == nullptr)
        return;
      const auto task = static_cast<std::uint32_t>(queue->next++);
      const std::optional<Worker> worker = free.take(queue->job->tasks[task]);
      if (!worker)
        continue;
      ++queue->running;
      assignments.push_back({queue->job->id, task, *worker});
    }
  };
  assign_all([](const Queue&, const Task& task) { return !task.is_done && task.copies.empty(); });
  if (!free.any())
    return assignments;
  std::map<JobId, std::optional<double>> straggler_s;
  for (Queue& queue : queues) {
    queue.next = 0;
    straggler_s[queue.job->id] = straggler_age_s(*queue.job);
  }
  assign_all([&](const Queue& queue, const Task& task) {
    const std::optional<double>& limit_s = straggler_s[queue.job->id];
    return limit_s && !task.is_done && task.copies.size() == 1 &&
           age_s(task.copies.front().number) > *limit_s;
  });
  return assignments;
}

} // namespace stos::jobs
