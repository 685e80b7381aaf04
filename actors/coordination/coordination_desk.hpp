#pragma once

#include "actors/messages/coordination_messages.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/view/control_machine.hpp"
#include "libstos/service/coordination/caller.hpp"
#include "libstos/service/coordination/coordination_node.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// What a node's actor has for locks and shared values: the CoordinationNode, with its table on the
/// control log, and a Caller for each child process that asks for something.
///
/// Threads: one, the actor's.
class CoordinationDesk {
public:
  CoordinationDesk();
  CoordinationDesk(const CoordinationDesk&) = delete;
  CoordinationDesk& operator=(const CoordinationDesk&) = delete;

  /// To be given to NodeCore, which the desk outlives.
  [[nodiscard]] ControlMachine& machine() { return node_.table(); }
  [[nodiscard]] const coordination::CoordinationNode& node() const { return node_; }

  struct ChildAnswer {
    std::uint64_t child;
    std::uint64_t number;
    coordination::Answer answer;
  };
  struct Output {
    std::vector<std::vector<std::byte>> to_propose;                       ///< for the control log
    std::vector<std::pair<raft::NodeId, std::vector<std::byte>>> to_send; ///< as CoordinationWords
    std::vector<std::pair<std::uint64_t, CoordinationAnswer>> answers;    ///< by ticket
    std::vector<ChildAnswer> child_answers;
    std::vector<std::uint64_t> lost_locks; ///< children whose lease has ended while they held any
  };
  /// Whether step() has anything to do: the table has changed, there is news, or it is time.
  [[nodiscard]] bool is_due(double now_s) const;
  [[nodiscard]] Output step(const coordination::CoordinationNode::Standing& standing, double now_s);

  /// CoordinationWords of another node; any bytes.
  void hear(std::span<const std::byte> words) {
    node_.hear(words);
    has_news_ = true;
  }

  /// Of a tool or an actor; any bytes. A ticket for the answer, or what is wrong. Two types, since
  /// a peer's certificate may allow the one and not the other.
  [[nodiscard]] Result<std::uint64_t> ask(const CoordinationQuestion& question, double now_s);
  [[nodiscard]] Result<std::uint64_t> ask(const CoordinationCommand& command, double now_s);

  /// A child process of this node wants something, under a number of its own; and it has ended.
  void ask_for_child(std::uint64_t child, std::uint64_t number, coordination::Request request);
  void child_ended(std::uint64_t child, double now_s);

private:
  /// Of a request of this process: which child's Caller, and its call.
  struct Call {
    std::uint64_t child;
    std::uint64_t number;
  };

  [[nodiscard]] coordination::SessionId new_session();
  void step_children(Output& output, double now_s);

  std::random_device chance_;
  coordination::CoordinationNode node_;
  std::map<std::uint64_t, std::unique_ptr<coordination::Caller>> children_;
  std::map<std::uint64_t, Call> calls_; // by ticket
  bool has_news_ = false;
  std::uint64_t version_ = 0; // of the table, at the last step
};

/// An answer that says what is wrong.
[[nodiscard]] CoordinationAnswer coordination_refusal(const Error& error);

} // namespace stos::detail
