#include "libstos/service/jobs/job_table.hpp"

#include <algorithm>
#include <cmath>

namespace stos::jobs {
namespace {

using stos::detail::View;

enum class Kind : std::uint8_t { submission, assignments, ending, cancellation };

BytesWriter& begin(BytesWriter& out, Kind kind) {
  out.u8(static_cast<std::uint8_t>(kind));
  return out;
}

JobId read_id(BytesReader& in) {
  const JobId id{in.u64()};
  if (id.value == 0)
    in.fail();
  return id;
}

bool read_flag(BytesReader& in) {
  const std::uint8_t flag = in.u8();
  if (flag > 1)
    in.fail();
  return flag == 1;
}

std::string shortened(std::string text) {
  constexpr std::string_view cut = "... (cut)";
  if (text.size() > JobTable::why_bytes_max)
    text = text.substr(0, JobTable::why_bytes_max - cut.size()) + std::string(cut);
  return text;
}

PartEnd read_end(BytesReader& in) {
  PartEnd end;
  end.is_good = read_flag(in);
  end.result = in.text();
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    end.parts.push_back(in.text());
  end.has_reduce = read_flag(in);
  end.why = in.text();
  end.seconds = in.f64();
  if (!(end.seconds >= 0) || !std::isfinite(end.seconds))
    in.fail();
  return end;
}

void write_task(const Task& task, BytesWriter& out) {
  out.text(task.input);
  out.varint(task.copies.size());
  for (const Copy& copy : task.copies) {
    out.varint(copy.number);
    out.varint(copy.worker.node.value);
    out.u64(copy.worker.life);
  }
  out.u8(task.is_done ? 1 : 0);
  out.text(task.result);
  out.f64(task.seconds);
  out.u32(task.failures);
  out.u32(task.losses);
  out.varint(task.failed_on.value);
}

Task read_task(BytesReader& in) {
  constexpr std::size_t least_bytes_of_copy = 10;
  Task task;
  task.input = in.text();
  for (std::size_t left = in.count(least_bytes_of_copy); left > 0 && in.ok(); --left) {
    Copy copy;
    copy.number = in.varint();
    copy.worker.node = {in.varint()};
    copy.worker.life = in.u64();
    task.copies.push_back(copy);
  }
  task.is_done = read_flag(in);
  task.result = in.text();
  task.seconds = in.f64();
  task.failures = in.u32();
  task.losses = in.u32();
  task.failed_on = {in.varint()};
  return task;
}

void write_job(const Job& job, BytesWriter& out) {
  out.u64(job.id.value);
  out.varint(job.order);
  out.varint(job.ended);
  write_spec(job.spec, out);
  out.u8(static_cast<std::uint8_t>(job.phase));
  out.varint(job.tasks.size());
  for (const Task& task : job.tasks)
    write_task(task, out);
  out.u8(job.has_reduce ? 1 : 0);
  for (const std::uint32_t number :
       {job.parts, job.parts_done, job.copies_begun, job.copies_failed, job.copies_lost})
    out.u32(number);
  out.varint(job.bytes);
  out.text(job.result);
  out.text(job.why);
}

Job read_job(BytesReader& in) {
  constexpr std::size_t least_bytes_of_task = 20;
  Job job;
  job.id = read_id(in);
  job.order = in.varint();
  job.ended = in.varint();
  job.spec = read_spec(in);
  const std::uint8_t phase = in.u8();
  if (phase > static_cast<std::uint8_t>(Job::Phase::cancelled))
    in.fail();
  job.phase = static_cast<Job::Phase>(phase);
  for (std::size_t left = in.count(least_bytes_of_task); left > 0 && in.ok(); --left)
    job.tasks.push_back(read_task(in));
  job.has_reduce = read_flag(in);
  for (std::uint32_t* number :
       {&job.parts, &job.parts_done, &job.copies_begun, &job.copies_failed, &job.copies_lost})
    *number = in.u32();
  job.bytes = static_cast<std::size_t>(in.varint());
  job.result = in.text();
  job.why = in.text();
  return job;
}

void write_totals(const JobTotals& totals, BytesWriter& out) {
  for (const std::uint64_t number :
       {totals.done, totals.failed, totals.cancelled, totals.runs_begun, totals.runs_good,
        totals.runs_failed, totals.runs_lost})
    out.varint(number);
}

JobTotals read_totals(BytesReader& in) {
  JobTotals totals;
  for (std::uint64_t* number : {&totals.done, &totals.failed, &totals.cancelled, &totals.runs_begun,
                                &totals.runs_good, &totals.runs_failed, &totals.runs_lost})
    *number = in.varint();
  return totals;
}

std::string name_of(const Job& job, std::uint32_t task) {
  if (task == 0)
    return "the split";
  return job.phase == Job::Phase::reduction
             ? "the reduction"
             : "part " + std::to_string(task) + " of " + std::to_string(job.parts);
}

} // namespace

std::string_view to_string(Job::Phase phase) {
  switch (phase) {
    case Job::Phase::split: return "split";
    case Job::Phase::parts: return "parts";
    case Job::Phase::reduction: return "reduction";
    case Job::Phase::done: return "done";
    case Job::Phase::failed: return "failed";
    case Job::Phase::cancelled: return "cancelled";
  }
  return "unknown";
}

std::size_t Job::copies() const {
  std::size_t running = 0;
  for (const Task& task : tasks)
    running += task.copies.size();
  return running;
}

std::vector<std::byte> JobTable::submission(JobId id, const JobSpec& spec) {
  BytesWriter out;
  begin(out, Kind::submission).u64(id.value);
  write_spec(spec, out);
  return out.take();
}

std::vector<std::byte> JobTable::assignments(const std::vector<Assignment>& all) const {
  BytesWriter out;
  begin(out, Kind::assignments).varint(epoch_);
  out.varint(last_copy_);
  out.varint(all.size());
  for (const Assignment& each : all) {
    out.u64(each.job.value);
    out.varint(each.task);
    out.varint(each.worker.node.value);
    out.u64(each.worker.life);
  }
  return out.take();
}

std::vector<std::byte> JobTable::ending(JobId id, std::uint64_t copy, const PartEnd& end) {
  BytesWriter out;
  begin(out, Kind::ending).u64(id.value);
  out.varint(copy);
  out.u8(end.is_good ? 1 : 0);
  out.text(end.result);
  out.varint(end.parts.size());
  for (const std::string& part : end.parts)
    out.text(part);
  out.u8(end.has_reduce ? 1 : 0);
  out.text(shortened(end.why));
  out.f64(end.seconds);
  return out.take();
}

std::vector<std::byte> JobTable::cancellation(JobId id) {
  BytesWriter out;
  begin(out, Kind::cancellation).u64(id.value);
  return out.take();
}

void JobTable::apply(std::span<const std::byte> entry) {
  BytesReader in(entry);
  switch (const std::uint8_t kind = in.u8(); static_cast<Kind>(kind)) {
    case Kind::submission: return submit(in);
    case Kind::assignments: return assign(in);
    case Kind::ending: return end(in);
    case Kind::cancellation: return cancel(in);
  }
}

void JobTable::submit(BytesReader& in) {
  Job job;
  job.id = read_id(in);
  job.spec = read_spec(in);
  if (!in.at_end() || jobs_.contains(job.id))
    return;
  ++version_;
  job.order = ++last_order_;
  job.tasks.resize(1);
  const auto under_way = static_cast<std::size_t>(
      std::ranges::count_if(jobs_, [](const auto& each) { return !each.second.is_over(); }));
  const Result<void> checked = check(job.spec);
  Job& here = jobs_[job.id] = std::move(job);
  if (!checked)
    finish(here, Job::Phase::failed, checked.error().context);
  else if (under_way >= jobs_max)
    finish(here, Job::Phase::failed,
           std::to_string(under_way) + " jobs are under way, and there is no room for more");
}

void JobTable::assign(BytesReader& in) {
  constexpr std::size_t least_bytes = 18;
  const std::uint64_t epoch = in.varint();
  const std::uint64_t last_copy = in.varint();
  std::vector<Assignment> all;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    Assignment one;
    one.job = read_id(in);
    one.task = static_cast<std::uint32_t>(in.varint());
    one.worker.node = {in.varint()};
    one.worker.life = in.u64();
    all.push_back(one);
  }
  if (!in.at_end() || epoch != epoch_ || last_copy != last_copy_)
    return;
  for (const Assignment& one : all) {
    const auto job = jobs_.find(one.job);
    if (job == jobs_.end() || one.task >= job->second.tasks.size())
      continue;
    Task& task = job->second.tasks[one.task];
    const bool runs_there = std::ranges::any_of(
        task.copies, [&one](const Copy& copy) { return copy.worker == one.worker; });
    if (task.is_done || task.copies.size() >= copies_max || runs_there)
      continue;
    task.copies.push_back({++last_copy_, one.worker});
    copies_[last_copy_] = {one.job, one.task};
    ++job->second.copies_begun;
    ++totals_.runs_begun;
    ++version_;
  }
}

void JobTable::end(BytesReader& in) {
  const JobId id = read_id(in);
  const std::uint64_t number = in.varint();
  PartEnd end = read_end(in);
  const auto copy = copies_.find(number);
  if (!in.at_end() || copy == copies_.end() || copy->second.first != id)
    return; // it was lost, another one was faster, the job is over, or it has come before
  ++version_;
  Job& job = jobs_[id];
  const std::uint32_t index = copy->second.second;
  Task& task = job.tasks[index];
  if (end.is_good) {
    forget_copies(task);
    ++totals_.runs_good;
    return good_end(job, index, std::move(end));
  }
  const auto own = std::ranges::find(task.copies, number, &Copy::number);
  task.failed_on = own->worker.node;
  task.copies.erase(own);
  copies_.erase(copy);
  ++task.failures;
  ++job.copies_failed;
  ++totals_.runs_failed;
  if (task.failures > job.spec.limits.retries)
    part_failed(job, task, index, end.why);
}

void JobTable::part_failed(Job& job, Task& task, std::uint32_t index, const std::string& why) {
  finish(job, Job::Phase::failed,
         name_of(job, index) + " has failed" +
             (task.failures > 1 ? ", " + std::to_string(task.failures) + " times" : "") + ": " +
             why);
}

void JobTable::good_end(Job& job, std::uint32_t index, PartEnd&& end) {
  Task& task = job.tasks[index];
  task.is_done = true;
  task.seconds = end.seconds;
  if (index == 0)
    return split_into(job, std::move(end));
  const std::size_t bytes = end.result.size();
  if (bytes > result_bytes_max)
    return finish(job, Job::Phase::failed,
                  "the result of " + name_of(job, index) + " has " + std::to_string(bytes) +
                      " bytes, the limit is " + std::to_string(result_bytes_max) +
                      "; what is larger has to be put where it is to be used");
  job.bytes += bytes;
  if (job.bytes > job_bytes_max)
    return finish(job, Job::Phase::failed,
                  "parts and results have " + std::to_string(job.bytes) +
                      " bytes together, the limit is " + std::to_string(job_bytes_max));
  task.result = std::move(end.result);
  if (job.phase == Job::Phase::parts)
    ++job.parts_done;
  go_on(job);
}

void JobTable::split_into(Job& job, PartEnd&& end) {
  if (end.parts.size() > parts_max)
    return finish(job, Job::Phase::failed,
                  "the split has made " + std::to_string(end.parts.size()) +
                      " parts, the limit is " + std::to_string(parts_max));
  for (std::string& part : end.parts) {
    job.bytes += part.size();
    if (part.size() > part_bytes_max || job.bytes > job_bytes_max)
      return finish(job, Job::Phase::failed,
                    "the split has made part " + std::to_string(job.tasks.size()) + " of " +
                        std::to_string(part.size()) + " bytes; the limit is " +
                        std::to_string(part_bytes_max) + " each, " + std::to_string(job_bytes_max) +
                        " together");
    Task& task = job.tasks.emplace_back();
    task.input = std::move(part);
  }
  job.phase = Job::Phase::parts;
  job.has_reduce = end.has_reduce;
  job.parts = static_cast<std::uint32_t>(job.tasks.size() - 1);
  go_on(job);
}

void JobTable::go_on(Job& job) {
  if (job.phase == Job::Phase::parts && job.parts_done == job.parts) {
    if (job.has_reduce) {
      job.phase = Job::Phase::reduction;
      job.tasks.emplace_back();
      return;
    }
    std::string all = "[";
    for (std::size_t i = 1; i < job.tasks.size(); ++i)
      all += (i > 1 ? "," : "") + job.tasks[i].result;
    job.result = all + "]";
    return finish(job, Job::Phase::done, {});
  }
  if (job.phase == Job::Phase::reduction && job.tasks.back().is_done) {
    job.result = std::move(job.tasks.back().result);
    finish(job, Job::Phase::done, {});
  }
}

void JobTable::cancel(BytesReader& in) {
  const JobId id = read_id(in);
  const auto job = jobs_.find(id);
  if (!in.at_end() || job == jobs_.end() || job->second.is_over())
    return;
  ++version_;
  finish(job->second, Job::Phase::cancelled, "it was cancelled");
}

void JobTable::finish(Job& job, Job::Phase phase, std::string why) {
  for (Task& task : job.tasks)
    forget_copies(task);
  job.phase = phase;
  job.ended = ++last_order_;
  ++(phase == Job::Phase::done     ? totals_.done
     : phase == Job::Phase::failed ? totals_.failed
                                   : totals_.cancelled);
  job.why = shortened(std::move(why));
  job.tasks.clear();
  job.tasks.shrink_to_fit();
  job.spec.script.clear();
  job.spec.arguments.clear();
  job.spec.files.clear();
  forget_old();
}

void JobTable::forget_copies(Task& task) {
  for (const Copy& copy : task.copies)
    copies_.erase(copy.number);
  task.copies.clear();
}

// The latest one stays in any case.
void JobTable::forget_old() {
  std::vector<const Job*> over;
  std::size_t bytes = 0;
  for (const auto& [id, job] : jobs_)
    if (job.is_over()) {
      over.push_back(&job);
      bytes += job.result.size();
    }
  std::ranges::sort(over, {}, &Job::ended);
  std::size_t kept = over.size();
  for (const Job* job : over) {
    if (kept <= 1 || (kept <= kept_max && bytes <= kept_bytes_max))
      return;
    --kept;
    bytes -= job->result.size();
    jobs_.erase(job->id);
  }
}

void JobTable::enter(const View& view) {
  if (view.epoch <= epoch_)
    return;
  epoch_ = view.epoch;
  ++version_;
  const auto is_there = [&view](const Worker& worker) {
    const auto index = view.index_of(worker.node);
    return index && view.members[*index].life == worker.life;
  };
  std::vector<JobId> failed;
  for (auto& [id, job] : jobs_)
    for (std::size_t index = 0; index < job.tasks.size(); ++index) {
      Task& task = job.tasks[index];
      const std::size_t lost = std::erase_if(task.copies, [&](const Copy& copy) {
        if (is_there(copy.worker))
          return false;
        copies_.erase(copy.number);
        return true;
      });
      task.losses += static_cast<std::uint32_t>(lost);
      job.copies_lost += static_cast<std::uint32_t>(lost);
      totals_.runs_lost += lost;
      if (lost > 0 && task.losses > losses_max) {
        failed.push_back(id);
        job.why = name_of(job, static_cast<std::uint32_t>(index)) + " was lost " +
                  std::to_string(task.losses) + " times with the node that ran it";
      }
    }
  for (const JobId id : failed)
    if (const auto job = jobs_.find(id); job != jobs_.end() && !job->second.is_over())
      finish(job->second, Job::Phase::failed, job->second.why);
}

std::vector<std::byte> JobTable::snapshot() const {
  BytesWriter out;
  out.varint(epoch_);
  out.varint(last_copy_);
  out.varint(last_order_);
  write_totals(totals_, out);
  out.varint(jobs_.size());
  for (const auto& [id, job] : jobs_)
    write_job(job, out);
  return out.take();
}

bool JobTable::restore(std::span<const std::byte> bytes) {
  constexpr std::size_t least_bytes_of_job = 60;
  JobTable table;
  table.version_ = version_ + 1;
  if (!bytes.empty()) {
    BytesReader in(bytes);
    table.epoch_ = in.varint();
    table.last_copy_ = in.varint();
    table.last_order_ = in.varint();
    table.totals_ = read_totals(in);
    for (std::size_t left = in.count(least_bytes_of_job); left > 0 && in.ok(); --left) {
      Job job = read_job(in);
      for (std::uint32_t i = 0; i < job.tasks.size(); ++i)
        for (const Copy& copy : job.tasks[i].copies)
          table.copies_[copy.number] = {job.id, i};
      table.jobs_[job.id] = std::move(job);
    }
    if (!in.at_end())
      return false;
  }
  *this = std::move(table);
  return true;
}

const Job* JobTable::find(JobId id) const {
  const auto job = jobs_.find(id);
  return job == jobs_.end() ? nullptr : &job->second;
}

std::optional<std::pair<const Job*, std::uint32_t>> JobTable::of_copy(std::uint64_t copy) const {
  const auto found = copies_.find(copy);
  if (found == copies_.end())
    return std::nullopt;
  return std::pair(find(found->second.first), found->second.second);
}

} // namespace stos::jobs
