// What other nodes send to a node that takes part in two groups, between ticks and calls of its
// own: see raft_steps.hpp. Frames that can be read are written again, which must give the same
// bytes. What is persisted must fit what was, and what is applied must go on where it was.

#include "tests/fuzz/raft_steps.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

using namespace stos;
using namespace stos::raft;
using namespace stos::fuzz;

namespace {

std::vector<std::byte> written(const Frame& frame) {
  BytesWriter out;
  write(frame, out);
  return out.take();
}

class LoneNode {
public:
  LoneNode() {
    for (std::uint64_t group = 1; group <= raft_groups; ++group)
      disk_[{group}] = raft_first_state();
    start();
  }

  void step(RaftStep step, BytesReader& in) {
    switch (step) {
      case RaftStep::tick: groups_->tick(); break;
      case RaftStep::frame: hear(in.raw(in.count(1))); break;
      case RaftStep::restart: start(); break;
      default: call(step, in.u8());
    }
    take_output();
  }

private:
  void start() {
    GroupsOptions options;
    options.self = raft_own_node;
    options.life = ++lives_;
    groups_ = std::make_unique<Groups>(options);
    for (const auto& [group, state] : disk_) {
      require(static_cast<bool>(groups_->add(group, raft_options(), state)));
      applied_[group] = state.snapshot->last.index;
    }
  }

  void hear(std::span<const std::byte> bytes) {
    const Result<Frame> frame = read_frame(bytes);
    if (!frame)
      return;
    const std::vector<std::byte> again = written(*frame);
    const Result<Frame> second = read_frame(again);
    require(second && written(*second) == again);
    groups_->step(*frame);
  }

  void call(RaftStep step, std::uint8_t choice) {
    const GroupId group{1 + choice % raft_groups};
    Fsm& fsm = *groups_->find(group);
    const auto ignore = [](const auto& /*result*/) {};
    switch (step) {
      case RaftStep::propose: ignore(fsm.propose({std::byte{choice}})); break;
      case RaftStep::read:
        ignore(fsm.read(choice, choice & 2 ? ReadMode::lease : ReadMode::confirmed));
        break;
      case RaftStep::compact:
        ignore(fsm.compact(applied_[group], std::vector<std::byte>(choice / 4)));
        break;
      case RaftStep::change_members:
        ignore(fsm.change_members({{1}, {2u + choice / 64}}, {{1u + choice / 16 % 4}}));
        break;
      default: ignore(fsm.hand_over({choice / 2u % 4}));
    }
    groups_->touched(group);
  }

  void take_output() {
    const GroupsOutput output = groups_->take_output();
    for (const auto& [group, persist] : output.to_persist)
      apply(persist, disk_[group]);
    for (const Frame& frame : output.to_send) {
      const std::vector<std::byte> bytes = written(frame);
      const Result<Frame> again = read_frame(bytes);
      require(again && written(*again) == bytes);
    }
    for (const auto& [group, to_apply] : output.to_apply) {
      LogIndex& applied = applied_[group];
      if (to_apply.snapshot) {
        require(to_apply.snapshot->last.index > applied);
        applied = to_apply.snapshot->last.index;
      }
      for (const EntryPtr& entry : to_apply.entries) {
        require(entry->index == applied.next());
        applied = entry->index;
      }
    }
  }

  std::map<GroupId, Recovered> disk_;
  std::map<GroupId, LogIndex> applied_;
  std::unique_ptr<Groups> groups_;
  std::uint64_t lives_ = 0;
};

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LoneNode node;
  BytesReader in(std::as_bytes(std::span(data, size)));
  while (in.ok() && in.remaining() > 0)
    node.step(static_cast<RaftStep>(in.u8() % raft_steps), in);
  return 0;
}
