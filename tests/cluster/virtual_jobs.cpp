#include "tests/cluster/virtual_jobs.hpp"

#include <algorithm>

namespace stos::test {

using namespace stos::jobs;

namespace {

std::string word(const std::string& name) { return name.substr(0, name.find(' ')); }
std::uint64_t number(const std::string& name) { return std::stoull(name.substr(name.find(' '))); }

} // namespace

VirtualJobs::VirtualJobs(std::size_t nodes, std::uint64_t seed, std::uint32_t slots)
    : slots_(slots), random_(seed + 1), nodes_(nodes),
      cluster_(std::make_unique<VirtualCores>(nodes, seed, VirtualCores::brisk(), this)) {}

void VirtualJobs::submit(const std::string& name, PartLimits limits) {
  Submitted job;
  job.id = {submitted_.size() + 1000};
  job.spec.name = name;
  job.spec.language = "virtual";
  job.spec.script = std::string(1000, 'x');
  job.spec.limits = limits;
  submitted_.push_back(std::move(job));
}

detail::ControlMachine* VirtualJobs::begins(std::size_t node) {
  nodes_[node].jobs = std::make_unique<JobNode>(slots_);
  return &nodes_[node].jobs->table();
}

void VirtualJobs::ends(std::size_t node) { nodes_[node].children.clear(); }

void VirtualJobs::hears(std::size_t node, raft::NodeId from, const std::vector<std::byte>& words) {
  nodes_[node].jobs->hear(from, words);
}

// Users are somewhere: at each step one of them may ask the node that acts.
void VirtualJobs::ask(std::size_t node) {
  if (submitted_.empty() || !cluster_->belongs(node))
    return;
  const std::size_t which = random_.below(static_cast<std::uint32_t>(submitted_.size()));
  Submitted& job = submitted_[which];
  if (!job.is_known) {
    job.is_known = nodes_[node].jobs->table().find(job.id) != nullptr;
    static_cast<void>(nodes_[node].jobs->submit(job.id, job.spec));
  } else if (cancelled_.contains(which)) {
    static_cast<void>(nodes_[node].jobs->cancel(job.id));
  }
}

void VirtualJobs::acts(std::size_t node) {
  if (cluster_ == nullptr)
    return;
  ask(node);
  JobNode& jobs = *nodes_[node].jobs;
  const double now_s = cluster_->now_s();
  JobNode::Standing standing;
  const detail::ControlGroup* const control = cluster_->core(node).control();
  if (control != nullptr) {
    standing.view = control->view();
    standing.leader = control->leader_id();
    standing.leads = control->leads();
    for (const detail::View::Member& member : standing.view.members)
      if (member.name == VirtualCores::name(node))
        standing.self = {member.id, member.life};
    standing.belongs = cluster_->belongs(node) && control->is_seated();
  }
  std::map<std::uint64_t, Child>& children = nodes_[node].children;
  for (auto child = children.begin(); child != children.end();)
    if (child->second.ends_at_s <= now_s) {
      jobs.ended(child->first, end_of(child->second));
      child = children.erase(child);
    } else {
      jobs.progressed(child->first, 0.5);
      ++child;
    }
  jobs.step(standing, now_s);
  JobNode::Output output = jobs.take_output();
  for (const std::uint64_t copy : output.to_kill)
    children.erase(copy);
  for (WorkOrder& order : output.to_start)
    begin_child(node, std::move(order));
  for (auto& [to, words] : output.to_send)
    cluster_->say(node, to, std::move(words));
  for (const std::vector<std::byte>& entry : output.to_propose)
    static_cast<void>(cluster_->propose(node, entry));
}

void VirtualJobs::begin_child(std::size_t node, WorkOrder order) {
  const double slow = slowness > 0 && random_.bernoulli(slowness) ? 100 : 1;
  const double seconds = slow * random_.uniform(0.01, part_s);
  const bool is_broken =
      word(order.spec.name) == "broken" && order.what == WorkOrder::What::part && order.part == 2;
  const bool fails = is_broken || (failures > 0 && random_.bernoulli(failures));
  const std::uint64_t copy = order.copy;
  nodes_[node].children[copy] = {std::move(order), cluster_->now_s() + seconds, seconds, fails};
  ++begun_;
}

PartEnd VirtualJobs::end_of(const Child& child) {
  const WorkOrder& order = child.order;
  PartEnd end;
  end.seconds = child.seconds;
  if (child.fails) {
    for (Submitted& job : submitted_)
      job.failures += job.id == order.job ? 1 : 0;
    end.why = "it was to fail";
    return end;
  }
  end.is_good = true;
  const std::uint64_t parts = number(order.spec.name);
  std::uint64_t sum = 0;
  switch (order.what) {
    case WorkOrder::What::split:
      for (std::uint64_t i = 1; i <= parts; ++i)
        end.parts.push_back(std::to_string(i));
      end.has_reduce = word(order.spec.name) != "list";
      break;
    case WorkOrder::What::part:
      end.result = std::to_string(std::stoull(order.input) * std::stoull(order.input));
      break;
    case WorkOrder::What::reduction:
      for (const std::string& result : order.results)
        sum += std::stoull(result);
      end.result = std::to_string(sum);
      break;
  }
  return end;
}

const Job* VirtualJobs::job(std::size_t node, std::size_t which) {
  return nodes_[node].jobs->table().find(submitted_[which].id);
}

bool VirtualJobs::all_over() {
  std::vector<std::byte> first;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!cluster_->belongs(node))
      continue;
    for (std::size_t i = 0; i < submitted_.size(); ++i)
      if (job(node, i) == nullptr || !job(node, i)->is_over())
        return false;
    const std::vector<std::byte> state = nodes_[node].jobs->table().snapshot();
    if (first.empty())
      first = state;
    if (state != first || children(node) > 0)
      return false;
  }
  return !first.empty();
}

std::string VirtualJobs::wrong() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!cluster_->belongs(node))
      continue;
    for (std::size_t i = 0; i < submitted_.size(); ++i) {
      const Job& one = *job(node, i);
      const std::string& name = one.spec.name;
      const std::string who = name + " on " + VirtualCores::name(node) + ": ";
      std::uint64_t sum = 0;
      std::string list;
      for (std::uint64_t k = 1; k <= number(name); ++k) {
        sum += k * k;
        list += (list.empty() ? "" : ",") + std::to_string(k * k);
      }
      const std::string wanted = word(name) == "list" ? "[" + list + "]" : std::to_string(sum);
      if (one.phase == Job::Phase::done && one.result != wanted)
        return who + one.result + " is not " + wanted;
      if (one.phase == Job::Phase::done && one.parts_done != number(name))
        return who + std::to_string(one.parts_done) + " parts count";
      if (one.phase == Job::Phase::done && word(name) == "broken" && number(name) >= 3)
        return who + "it cannot be done";
      if (one.phase == Job::Phase::cancelled && !cancelled_.contains(i))
        return who + "it was not cancelled";
      const bool may_fail = submitted_[i].failures > one.spec.limits.retries ||
                            one.copies_lost > JobTable::losses_max;
      if (one.phase == Job::Phase::failed && (!may_fail || one.why.empty()))
        return who + "it has failed: " + one.why;
    }
  }
  return cluster_->trouble();
}

} // namespace stos::test
