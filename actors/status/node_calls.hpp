#pragma once

#include "actors/status/tool_config.hpp"
#include "actors/transport/connection_problem.hpp"
#include "actors/transport/rate_limit.hpp"
#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/membership/membership.hpp"
#include "libstos/options/cluster_options.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// What the answer of a node says (JobAnswer and others of its form): its content, or the error.
template <class Answer>
[[nodiscard]] Result<std::vector<std::byte>> content_of(Answer answer) {
  if (answer.protocol != NodeHello::current_protocol)
    return Error{Errc::bad_message, "it speaks version " + std::to_string(answer.protocol) +
                                        " of the nodes' protocol, this program version " +
                                        std::to_string(NodeHello::current_protocol)};
  if (answer.code != 0)
    return Error{errc_from(static_cast<std::uint8_t>(answer.code - 1)).value_or(Errc::internal),
                 std::move(answer.why)};
  return std::move(answer.answer.data);
}

/// Asks the nodes of a cluster, from any process: one at a time, and where that one does not
/// answer, the next one. Where the others are, is learnt from the one that is asked.
///
/// Threads: any; each waits for its own answer.
/// Limits:  a little below those that nodes have for tools (message_rate()): beyond that, a call
///          waits for its turn.
/// Errors:  Errc::io_error if no node answers, or lets this process in; bad_config if the keys are
///          no good; else what the answer says.
class NodeCalls {
public:
  struct Options {
    std::vector<NodeAddress> nodes; ///< one or more
    double patience_s = 5;          ///< that one node has for an answer
    TlsOptions tls = {};            ///< without files the user's own keys
    bool insecure = false;
    bool commands = true; ///< messages that command are to be allowed
  };
  /// Calls the nodes one after the other until one answers.
  [[nodiscard]] static Result<std::unique_ptr<NodeCalls>> connect(Options options);
  NodeCalls(const NodeCalls&) = delete;
  NodeCalls& operator=(const NodeCalls&) = delete;

  /// The content of the answer of the first node that answers and belongs to the cluster. Those
  /// that are about to belong to it are asked again for as long as one has patience. The question
  /// may be answered twice, so it has to bear that. `more_s`: the node may think for so long.
  template <class Answer, class Question>
  [[nodiscard]] Result<std::vector<std::byte>> ask(const Question& question, double more_s = 0) {
    return ask_until_answered([&](const caf::actor& node) -> Result<std::vector<std::byte>> {
      Result<Answer> answer = ask_one<Answer>(node, question, more_s);
      if (!answer)
        return answer.error();
      return content_of(*std::move(answer));
    });
  }

  [[nodiscard]] double patience_s() const { return options_.patience_s; }

private:
  using Clock = std::chrono::steady_clock;
  using AskOne = std::function<Result<std::vector<std::byte>>(const caf::actor&)>;

  explicit NodeCalls(Options options);

  /// A node, and its number in the list.
  [[nodiscard]] Result<caf::actor> open(std::size_t& which);
  void next_node(std::size_t after);
  [[nodiscard]] Error failed(std::size_t which, Error why) const;
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] Result<std::vector<std::byte>> ask_until_answered(const AskOne& ask_one);
  [[nodiscard]] Result<std::vector<std::byte>> ask_each(const AskOne& ask_one, bool& may_come);
  void learn_nodes(const caf::actor& node);
  void wait_for_turn();

  template <class Answer, class Question>
  [[nodiscard]] Result<Answer> ask_one(const caf::actor& node, const Question& question,
                                       double more_s) {
    constexpr double ns = 1e9;
    wait_for_turn();
    caf::scoped_actor self(system_);
    Result<Answer> result = Error{Errc::io_error, ""};
    self->request(node,
                  caf::timespan(static_cast<std::int64_t>(ns * (options_.patience_s + more_s))),
                  question)
        .receive([&](Answer& heard) { result = std::move(heard); },
                 [&](const caf::error& problem) {
                   result = Error{Errc::io_error, connection_problem(problem)};
                 });
    return result;
  }

  const Options options_;
  ToolConfig config_;
  caf::actor_system system_;
  mutable std::mutex mutex_; // of the following
  std::vector<NodeAddress> nodes_;
  caf::actor node_; // null: to be called
  std::size_t current_ = 0;
  Clock::time_point learn_next_{};
  RateLimit turns_;
};

} // namespace stos::detail
