#include "programs/stos/job_views.hpp"

#include "libstos/base/json_writer.hpp"
#include "programs/stos/text_table.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace stos::program {
namespace {

using jobs::Job;
using jobs::JobStatus;

constexpr std::size_t name_columns = 40;

std::string percent(double share) { return printed("%.0f %%", 100 * share); }

std::string parts_text(const JobStatus& job) {
  return job.parts == 0 ? "-" : std::to_string(job.parts_done) + "/" + std::to_string(job.parts);
}

std::string task_text(const JobStatus& job, std::uint32_t task) {
  if (task == 0)
    return "split";
  return task > job.parts ? "reduction" : "part " + std::to_string(task);
}

/// Those that do something for it, each once.
std::vector<std::string> nodes_of(const JobStatus& job) {
  std::vector<std::string> nodes;
  for (const JobStatus::Running& running : job.running)
    nodes.push_back(running.node);
  std::ranges::sort(nodes);
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

std::string nodes_text(const JobStatus& job, std::size_t most) {
  const std::vector<std::string> nodes = nodes_of(job);
  std::string text;
  for (std::size_t i = 0; i < std::min(nodes.size(), most); ++i)
    text += (i == 0 ? "" : " ") + shown(nodes[i]);
  return nodes.size() > most ? text + " and " + std::to_string(nodes.size() - most) + " more"
                             : text;
}

std::string phase_text(const JobStatus& job) {
  if (!job.is_over() && job.slots == 0)
    return "waits: no node runs parts (jobs.enabled)";
  switch (job.phase) {
    case Job::Phase::split: return job.running.empty() ? "waits" : "is split into parts";
    case Job::Phase::parts:
      return std::to_string(job.parts_done) + " of " + std::to_string(job.parts) + " parts";
    case Job::Phase::reduction: return "all " + std::to_string(job.parts) + " parts, reduction";
    default: return std::string(to_string(job.phase));
  }
}

void write(const JobStatus& job, JsonWriter& json) {
  json.begin_object();
  json.member("id", to_string(job.id));
  json.member("name", job.name);
  json.member("language", job.language);
  json.member("phase", to_string(job.phase));
  json.member("parts", job.parts);
  json.member("parts_done", job.parts_done);
  json.member("copies_begun", job.copies_begun);
  json.member("copies_failed", job.copies_failed);
  json.member("copies_lost", job.copies_lost);
  json.member("progress", job.progress);
  json.member("why", job.why);
  json.member("result_bytes", job.result_bytes);
  json.member("nodes", job.nodes);
  json.member("slots", job.slots);
  json.begin_array("running");
  for (const JobStatus::Running& running : job.running) {
    json.begin_object();
    json.member("node", running.node);
    json.member("task", task_text(job, running.task));
    json.member("progress", running.progress);
    json.member("log", running.log);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

} // namespace

std::string jobs_as_text(const std::vector<JobStatus>& jobs) {
  if (jobs.empty())
    return "there are no jobs\n";
  Table table({"job", "script", "phase", "parts", "done", "failed", "lost", "nodes"});
  for (const JobStatus& job : jobs)
    table.add({to_string(job.id), shown(job.name, name_columns), std::string(to_string(job.phase)),
               parts_text(job), percent(job.progress), std::to_string(job.copies_failed),
               std::to_string(job.copies_lost),
               job.running.empty() ? "-" : std::to_string(nodes_of(job).size())});
  std::string text;
  for (const std::string& line : table.lines(std::numeric_limits<std::size_t>::max()))
    text += line + "\n";
  return text;
}

std::string job_as_text(const JobStatus& job) {
  std::string text = "job " + to_string(job.id) + "  " + shown(job.name, name_columns) + "  " +
                     phase_text(job) + (job.is_over() ? "" : "  " + percent(job.progress)) + "\n";
  text += std::to_string(job.copies_begun) + " runs of parts begun, " +
          std::to_string(job.copies_failed) + " failed, " + std::to_string(job.copies_lost) +
          " lost with their nodes; the cluster runs " + std::to_string(job.slots) +
          " parts at a time on " + std::to_string(job.nodes) +
          (job.nodes == 1 ? " node\n" : " nodes\n");
  if (job.phase == Job::Phase::done)
    text += "its result has " + std::to_string(job.result_bytes) + " bytes\n";
  if (!job.why.empty())
    text += job.why + "\n";
  for (const JobStatus::Running& running : job.running)
    text += "  " + task_text(job, running.task) + " on " + shown(running.node) + "  " +
            percent(running.progress) + (running.log.empty() ? "" : "  ") +
            shown(running.log, 200) + "\n";
  return text;
}

std::string jobs_as_json(const std::vector<JobStatus>& jobs) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("jobs");
  for (const JobStatus& job : jobs)
    write(job, json);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string job_as_json(const JobStatus& job) {
  JsonWriter json;
  write(job, json);
  return json.take() + "\n";
}

// From the speed since the first part was begun; parts that ended before this tool has looked count
// for nothing.
std::string JobProgress::left(const JobStatus& job, double now_s) {
  if (job.phase != Job::Phase::parts)
    return "";
  if (began_s_ < 0) {
    began_s_ = now_s;
    progress_then_ = job.progress;
  }
  const double done = job.progress - progress_then_;
  if (done <= 0 || now_s <= began_s_)
    return "";
  return "  " + duration_text((1 - job.progress) * (now_s - began_s_) / done) + " left";
}

// It takes a moment always.
std::string JobProgress::unknown_text(double now_s) {
  constexpr double moment_s = 2;
  if (unknown_since_s_ < 0)
    unknown_since_s_ = now_s;
  return now_s < unknown_since_s_ + moment_s ? "" : "waits for a majority of nodes";
}

std::string JobProgress::line(const JobStatus* job, double now_s, std::size_t columns) {
  constexpr int bar_columns = 20;
  constexpr std::size_t nodes_max = 4;
  if (job == nullptr)
    return unknown_text(now_s);
  std::string bar(bar_columns, '.');
  std::fill_n(bar.begin(), static_cast<int>(job->progress * bar_columns), '#');
  const std::string text = shown(job->name, name_columns) + " [" + bar + "]  " + phase_text(*job) +
                           "  " + percent(job->progress) + left(*job, now_s) + "  " +
                           nodes_text(*job, nodes_max);
  return text.substr(0, columns);
}

std::string JobProgress::news(const JobStatus* job, double now_s) {
  constexpr double apart_s = 1;
  const std::string text = job == nullptr
                               ? unknown_text(now_s)
                               : shown(job->name, name_columns) + ": " + phase_text(*job);
  if (text.empty() || text == told_ ||
      (now_s < told_s_ + apart_s && !(job != nullptr && job->is_over())))
    return "";
  told_ = text;
  told_s_ = now_s;
  return text;
}

} // namespace stos::program
