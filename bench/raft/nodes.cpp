#include "bench/raft/nodes.hpp"

#include "libstos/raft/groups.hpp"
#include "store/write_ahead_log.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace stos::bench {
namespace {

using namespace raft;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t nodes = 3;
constexpr std::chrono::milliseconds tick_length{50};
constexpr std::uint64_t entries_between_snapshots = 20'000;

/// What the others have sent.
class Inbox {
public:
  void put(Bytes frame) {
    {
      const std::lock_guard lock(mutex_);
      frames_.push_back(std::move(frame));
    }
    arrived_.notify_one();
  }

  /// All that is there; waits for it until then, if told to.
  std::vector<Bytes> take(bool wait, Clock::time_point until) {
    std::unique_lock lock(mutex_);
    if (wait)
      arrived_.wait_until(lock, until, [this] { return !frames_.empty(); });
    return std::exchange(frames_, {});
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Bytes> frames_;
};

class Cluster;

class Node {
public:
  Node(Cluster& cluster, std::uint64_t id) : cluster_(cluster), id_(id) {}

  [[nodiscard]] Result<void> set_up();
  void run();

  Inbox inbox;
  std::atomic<std::uint64_t> leads = 0;   ///< groups
  std::atomic<std::uint64_t> applied = 0; ///< of commands that it has proposed
  std::atomic<std::uint64_t> writes = 0;
  std::optional<Error> error; ///< to be read when the thread has ended

private:
  struct Replica {
    std::uint32_t in_flight = 0;
    std::uint64_t snapshot = 0;
    Term term; ///< in which it proposes
  };

  void step(const std::vector<Bytes>& frames);
  void propose();
  bool work();
  void apply(GroupId group, const Apply& apply);

  Cluster& cluster_;
  std::uint64_t id_;
  std::optional<Groups> groups_;
  std::optional<WriteAheadLog> log_;
  std::vector<Replica> replicas_;
};

class Cluster {
public:
  explicit Cluster(const RaftLoad& wanted) : load(wanted) {
    for (std::uint64_t id = 1; id <= nodes; ++id)
      all.push_back(std::make_unique<Node>(*this, id));
  }

  [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> Node::*what) const {
    std::uint64_t sum = 0;
    for (const auto& node : all)
      sum += (*node).*what;
    return sum;
  }

  const RaftLoad& load;
  std::vector<std::unique_ptr<Node>> all;
  std::atomic<bool> over = false;
};

Result<void> Node::set_up() {
  GroupsOptions of_node;
  of_node.self = {id_};
  groups_.emplace(of_node);
  if (!cluster_.load.folder.empty()) {
    Result<std::unique_ptr<LogFolder>> folder =
        FileLogFolder::open(cluster_.load.folder + "/node-" + std::to_string(id_));
    if (!folder)
      return folder.error();
    Result<WriteAheadLog> log = WriteAheadLog::open(*std::move(folder));
    if (!log)
      return log.error();
    log_ = *std::move(log);
  }
  replicas_.resize(cluster_.load.groups + 1);
  for (std::uint64_t group = 1; group <= cluster_.load.groups; ++group) {
    const Recovered state = Fsm::first_state({{{1}, {2}, {3}}, {}, {}});
    if (log_)
      if (const auto done = log_->append({{{group}, Persist{std::nullopt, state.snapshot, {}}}});
          !done)
        return done.error();
    Options options;
    options.seed = nodes * group + id_;
    if (const Result<void> added = groups_->add({group}, options, state); !added)
      return added.error();
  }
  return {};
}

void Node::run() {
  Clock::time_point next_tick = Clock::now() + tick_length;
  bool busy = true;
  while (!cluster_.over) {
    step(inbox.take(!busy, next_tick));
    for (; Clock::now() >= next_tick; next_tick += tick_length)
      groups_->tick();
    propose();
    busy = work();
  }
}

void Node::step(const std::vector<Bytes>& frames) {
  for (const Bytes& bytes : frames)
    if (const Result<Frame> frame = read_frame(bytes))
      groups_->step(*frame);
}

void Node::propose() {
  std::uint64_t led = 0;
  for (std::uint64_t group = 1; group <= cluster_.load.groups; ++group) {
    Fsm& fsm = *groups_->find({group});
    if (!fsm.leads())
      continue;
    ++led;
    Replica& replica = replicas_[group];
    if (replica.term != fsm.term())
      replica = {0, replica.snapshot, fsm.term()};
    for (; replica.in_flight < cluster_.load.in_flight; ++replica.in_flight)
      if (!fsm.propose(Bytes(cluster_.load.command_bytes)))
        break;
    groups_->touched({group});
  }
  leads = led;
}

/// Returns whether there was anything to do.
bool Node::work() {
  GroupsOutput output = groups_->take_output();
  if (output.empty())
    return false;
  if (!output.to_persist.empty())
    ++writes;
  if (log_ && !output.to_persist.empty()) {
    std::vector<detail::LogChange> changes;
    for (auto& [group, persist] : output.to_persist)
      changes.push_back({group, std::move(persist)});
    if (const Result<void> done = log_->append(std::move(changes)); !done) {
      error = done.error();
      cluster_.over = true;
      return false;
    }
  }
  for (const Frame& frame : output.to_send) {
    BytesWriter out;
    write(frame, out);
    cluster_.all[frame.to.value - 1]->inbox.put(out.take());
  }
  for (const auto& [group, to_apply] : output.to_apply)
    apply(group, to_apply);
  return true;
}

void Node::apply(GroupId group, const Apply& apply) {
  Replica& replica = replicas_[group.value];
  for (const EntryPtr& entry : apply.entries)
    if (entry->kind == EntryKind::command && entry->term == replica.term && replica.in_flight > 0) {
      --replica.in_flight;
      ++applied;
    }
  if (apply.entries.empty())
    return;
  const std::uint64_t last = apply.entries.back()->index.value;
  if (last < replica.snapshot + entries_between_snapshots)
    return;
  replica.snapshot = last;
  static_cast<void>(groups_->find(group)->compact({last}, Bytes(8)));
  groups_->touched(group);
}

} // namespace

Result<RaftRate> run_raft(const RaftLoad& load) {
  Cluster cluster(load);
  for (const auto& node : cluster.all)
    if (const Result<void> done = node->set_up(); !done)
      return done.error();
  std::vector<std::thread> threads;
  for (const auto& node : cluster.all)
    threads.emplace_back([&node] { node->run(); });
  // Until each group has a leader, and for as long as a tenth of what is measured.
  while (cluster.sum(&Node::leads) < load.groups && !cluster.over)
    std::this_thread::sleep_for(tick_length);
  std::this_thread::sleep_for(std::chrono::duration<double>(load.seconds / 10));
  const auto begin = Clock::now();
  const std::uint64_t before = cluster.sum(&Node::applied);
  const std::uint64_t writes_before = cluster.sum(&Node::writes);
  std::this_thread::sleep_for(std::chrono::duration<double>(load.seconds));
  const std::uint64_t commands = cluster.sum(&Node::applied) - before;
  const std::uint64_t writes = cluster.sum(&Node::writes) - writes_before;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  cluster.over = true;
  for (std::thread& thread : threads)
    thread.join();
  for (const auto& node : cluster.all)
    if (node->error)
      return *node->error;
  // Each command is written on all nodes.
  return RaftRate{
      static_cast<double>(commands) / seconds,
      writes == 0 ? 0 : static_cast<double>(nodes * commands) / static_cast<double>(writes)};
}

} // namespace stos::bench
