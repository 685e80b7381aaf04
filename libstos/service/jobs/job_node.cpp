#include "libstos/service/jobs/job_node.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace stos::jobs {
namespace {

enum class Kind : std::uint8_t { wish, news };

Error no_job(JobId id) {
  return {Errc::bad_argument, "there is no job " + to_string(id) + "; see stos job list"};
}

} // namespace

void JobNode::step(const Standing& standing, double now_s) {
  standing_ = standing;
  if (std::exchange(leader_before_, standing_.leader) != standing_.leader) {
    for (auto* wishes : {&submissions_, &cancellations_})
      for (auto& [id, wish] : *wishes)
        wish.next_s = 0;
    for (auto& [copy, wish] : endings_)
      wish.next_s = 0;
    assigned_after_.reset();
    seen_since_s_.clear();
  }
  std::erase_if(peers_, [this](const auto& peer) {
    return !standing_.view.index_of(peer.first).has_value();
  });
  forget_fulfilled();
  start_and_kill();
  if (!standing_.belongs)
    return;
  tell_wishes(now_s);
  if (standing_.leads)
    assign(now_s);
  if (now_s >= next_news_s_)
    tell_news(now_s);
}

void JobNode::forget_fulfilled() {
  std::erase_if(submissions_,
                [this](const auto& wish) { return table_.find(wish.first) != nullptr; });
  std::erase_if(cancellations_, [this](const auto& wish) {
    const Job* const job = table_.find(wish.first);
    return (job == nullptr && !submissions_.contains(wish.first)) ||
           (job != nullptr && job->is_over());
  });
  std::erase_if(endings_,
                [this](const auto& wish) { return !table_.copies().contains(wish.first); });
}

void JobNode::start_and_kill() {
  const auto is_wanted = [this](std::uint64_t copy) {
    return standing_.belongs && table_.copies().contains(copy);
  };
  for (auto copy = running_.begin(); copy != running_.end();)
    if (is_wanted(copy->first)) {
      ++copy;
    } else {
      output_.to_kill.push_back(copy->first);
      copy = running_.erase(copy);
    }
  if (!standing_.belongs)
    return;
  for (const auto& [number, where] : table_.copies()) {
    if (running_.contains(number) || endings_.contains(number))
      continue;
    const Job& job = *table_.find(where.first);
    const Task& task = job.tasks[where.second];
    const auto copy = std::ranges::find(task.copies, number, &Copy::number);
    if (copy->worker != standing_.self)
      continue;
    running_[number] = {};
    output_.to_start.push_back(order_for(number, job, where.second));
  }
}

WorkOrder JobNode::order_for(std::uint64_t copy, const Job& job, std::uint32_t task) const {
  WorkOrder order;
  order.copy = copy;
  order.job = job.id;
  order.spec = job.spec;
  order.parts = job.parts;
  std::tie(order.nodes, order.slots) = nodes_and_slots();
  if (job.phase == Job::Phase::parts) {
    order.what = WorkOrder::What::part;
    order.part = task - 1;
    order.input = job.tasks[task].input;
  } else if (job.phase == Job::Phase::reduction) {
    order.what = WorkOrder::What::reduction;
    for (std::size_t i = 1; i + 1 < job.tasks.size(); ++i)
      order.results.push_back(job.tasks[i].result);
  }
  return order;
}

void JobNode::tell_wishes(double now_s) {
  for (auto& [id, wish] : submissions_)
    tell_wish(wish, now_s);
  for (auto& [id, wish] : cancellations_)
    if (table_.find(id) != nullptr)
      tell_wish(wish, now_s);
  for (auto& [copy, wish] : endings_)
    tell_wish(wish, now_s);
}

void JobNode::tell_wish(Wish& wish, double now_s) {
  if (now_s < wish.next_s)
    return;
  if (standing_.leads) {
    output_.to_propose.push_back(wish.entry);
  } else if (standing_.leader) {
    BytesWriter out;
    out.u8(static_cast<std::uint8_t>(Kind::wish));
    out.raw(wish.entry);
    output_.to_send.emplace_back(standing_.leader, out.take());
  } else {
    return;
  }
  wish.next_s = now_s + again_s;
}

// Who has heard nothing takes it for a node that runs no parts.
void JobNode::tell_news(double now_s) {
  next_news_s_ = now_s + news_s;
  if (slots_ == 0)
    return;
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::news));
  out.u32(slots_);
  out.varint(running_.size());
  for (const auto& [copy, progress] : running_) {
    out.varint(copy);
    out.f64(progress.fraction);
    out.text(progress.log);
  }
  const std::vector<std::byte> news = out.take();
  for (const stos::detail::View::Member& member : standing_.view.members)
    if (member.id != standing_.self.node)
      output_.to_send.emplace_back(member.id, news);
}

void JobNode::hear(raft::NodeId from, std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const std::uint8_t kind = in.u8();
  if (!in.ok())
    return;
  if (kind == static_cast<std::uint8_t>(Kind::wish)) {
    const std::span<const std::byte> entry = bytes.subspan(1);
    if (standing_.leads)
      output_.to_propose.emplace_back(entry.begin(), entry.end());
    return;
  }
  constexpr std::size_t least_bytes = 10;
  Peer peer;
  peer.slots = in.u32();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    const std::uint64_t copy = in.varint();
    Progress& progress = peer.progress[copy];
    progress.fraction = in.f64();
    progress.log = in.text();
    if (!(progress.fraction >= 0 && progress.fraction <= 1))
      in.fail();
  }
  if (kind == static_cast<std::uint8_t>(Kind::news) && in.at_end())
    peers_[from] = std::move(peer);
}

std::vector<Slots> JobNode::all_slots() const {
  std::vector<Slots> slots;
  for (const stos::detail::View::Member& member : standing_.view.members) {
    const auto peer = peers_.find(member.id);
    const std::uint32_t count = member.id == standing_.self.node ? slots_
                                : peer == peers_.end()           ? 0
                                                                 : peer->second.slots;
    slots.push_back({{member.id, member.life}, count});
  }
  return slots;
}

std::pair<std::uint32_t, std::uint32_t> JobNode::nodes_and_slots() const {
  std::pair<std::uint32_t, std::uint32_t> sum{0, 0};
  for (const Slots& slots : all_slots()) {
    sum.first += slots.count > 0 ? 1 : 0;
    sum.second += slots.count;
  }
  return sum;
}

bool JobNode::is_busy() const {
  return !submissions_.empty() ||
         std::ranges::any_of(table_.jobs(), [](const auto& job) { return !job.second.is_over(); });
}

// One batch at a time: the next one is made when this one is applied, or seems to be lost.
void JobNode::assign(double now_s) {
  constexpr double lost_s = 2;
  if (assigned_after_ == table_.last_copy() && now_s < assigned_s_ + lost_s)
    return;
  assigned_after_.reset();
  std::erase_if(seen_since_s_,
                [this](const auto& seen) { return !table_.copies().contains(seen.first); });
  for (const auto& [copy, where] : table_.copies())
    seen_since_s_.try_emplace(copy, now_s);
  const std::vector<JobTable::Assignment> assignments = schedule(
      table_, all_slots(), [&](std::uint64_t copy) { return now_s - seen_since_s_[copy]; });
  if (assignments.empty())
    return;
  output_.to_propose.push_back(table_.assignments(assignments));
  assigned_after_ = table_.last_copy();
  assigned_s_ = now_s;
}

Result<void> JobNode::submit(JobId id, const JobSpec& spec) {
  if (id.value == 0)
    return Error{Errc::bad_argument, "0 is the id of no job"};
  if (Result<void> checked = check(spec); !checked)
    return checked;
  if (table_.find(id) != nullptr)
    return {};
  if (submissions_.size() >= submissions_max)
    return Error{Errc::try_later, std::to_string(submissions_.size()) +
                                      " jobs wait here for a majority of nodes that takes them in"};
  submissions_.try_emplace(id, Wish{JobTable::submission(id, spec)});
  return {};
}

Result<void> JobNode::cancel(JobId id) {
  if (table_.find(id) == nullptr && !submissions_.contains(id))
    return no_job(id);
  cancellations_.try_emplace(id, Wish{JobTable::cancellation(id)});
  return {};
}

void JobNode::progressed(std::uint64_t copy, double progress) {
  const auto running = running_.find(copy);
  if (running != running_.end() && std::isfinite(progress))
    running->second.fraction = std::clamp(progress, 0.0, 1.0);
}

void JobNode::logged(std::uint64_t copy, std::string text) {
  const auto running = running_.find(copy);
  if (running != running_.end())
    running->second.log = text.substr(0, log_bytes_max);
}

void JobNode::ended(std::uint64_t copy, PartEnd end) {
  const auto where = table_.copies().find(copy);
  if (running_.erase(copy) > 0 && where != table_.copies().end())
    endings_[copy] = Wish{JobTable::ending(where->second.first, copy, end)};
}

const JobNode::Progress* JobNode::progress_of(std::uint64_t copy) const {
  if (const auto here = running_.find(copy); here != running_.end())
    return &here->second;
  for (const auto& [node, peer] : peers_)
    if (const auto there = peer.progress.find(copy); there != peer.progress.end())
      return &there->second;
  return nullptr;
}

JobStatus JobNode::status_of(const Job& job) const {
  JobStatus status;
  status.id = job.id;
  status.name = job.spec.name;
  status.language = job.spec.language;
  status.phase = job.phase;
  status.parts = job.parts;
  status.parts_done = job.parts_done;
  status.copies_begun = job.copies_begun;
  status.copies_failed = job.copies_failed;
  status.copies_lost = job.copies_lost;
  status.why = job.why;
  status.result_bytes = job.result.size();
  std::tie(status.nodes, status.slots) = nodes_and_slots();
  double done = job.parts_done;
  for (std::uint32_t i = 0; i < job.tasks.size(); ++i) {
    double furthest = 0;
    for (const Copy& copy : job.tasks[i].copies) {
      const auto index = standing_.view.index_of(copy.worker.node);
      const Progress* const progress = progress_of(copy.number);
      status.running.push_back({index ? standing_.view.members[*index].name : std::string("?"), i,
                                progress == nullptr ? 0 : progress->fraction,
                                progress == nullptr ? std::string() : progress->log});
      furthest = std::max(furthest, status.running.back().progress);
    }
    if (job.phase == Job::Phase::parts)
      done += furthest;
  }
  if (job.phase == Job::Phase::done || job.phase == Job::Phase::reduction)
    status.progress = 1;
  else if (job.parts > 0)
    status.progress = std::min(done / job.parts, 1.0);
  return status;
}

Result<JobStatus> JobNode::status(JobId id) const {
  if (const Job* const job = table_.find(id); job != nullptr)
    return status_of(*job);
  if (submissions_.contains(id))
    return Error{Errc::try_later,
                 "job " + to_string(id) + " waits for a majority of nodes that takes it in"};
  return no_job(id);
}

std::vector<JobStatus> JobNode::statuses() const {
  std::vector<const Job*> in_order;
  for (const auto& [id, job] : table_.jobs())
    in_order.push_back(&job);
  std::ranges::sort(in_order, {}, &Job::order);
  std::vector<JobStatus> statuses;
  for (const Job* job : in_order)
    statuses.push_back(status_of(*job));
  return statuses;
}

JobCounts JobNode::counts() const {
  JobCounts counts;
  std::uint64_t left = 0; // tasks that are not done
  for (const auto& [id, job] : table_.jobs())
    switch (job.phase) {
      case Job::Phase::split: ++counts.in_split, ++left; break;
      case Job::Phase::parts: ++counts.in_parts, left += job.parts - job.parts_done; break;
      case Job::Phase::reduction: ++counts.in_reduction, ++left; break;
      default: break;
    }
  std::set<std::pair<JobId, std::uint32_t>> running;
  for (const auto& [copy, task] : table_.copies())
    running.insert(task);
  counts.tasks_waiting = left - running.size();
  counts.runs = table_.copies().size();
  counts.totals = table_.totals();
  counts.slots = slots_;
  counts.slots_busy = running_.size();
  return counts;
}

Result<std::string> JobNode::result(JobId id) const {
  const Job* const job = table_.find(id);
  if (job == nullptr)
    return no_job(id);
  if (!job->is_over())
    return Error{Errc::try_later, "job " + to_string(id) + " is not over"};
  if (job->phase != Job::Phase::done)
    return Error{Errc::model_exception, job->why};
  return job->result;
}

} // namespace stos::jobs
