#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/world/event_context.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// Why the agent cannot be put into bytes, whatever its `inspect` would say: its class has none, it
/// was deleted, a lambda waits in its mailbox that is bound to its node. Empty if nothing keeps it.
[[nodiscard]] std::optional<std::string> obstacle_to_image(const Cell& cell);

/// Puts the agents' own members into bytes: what their `inspect` names, with the channels that they
/// write to as numbers.
class MemberSaver {
public:
  MemberSaver(World& world, BlockPool& pool) : context_(world, pool) {}

  /// Appends them. Returns why that cannot be done; what was appended is of no use then.
  /// @pre a stop, and there is no obstacle_to_image()
  [[nodiscard]] std::optional<std::string> save(Cell& cell, std::vector<std::byte>& appended_to);
  [[nodiscard]] std::optional<std::string> save(Cell& cell, BytesWriter& out);

private:
  EventContext context_;
  Transfer transfer_{Transfer::Kind::save};
};

/// Puts agents into bytes at a laboratory time T: when everything before T has happened, nothing at
/// or after T has, and nothing is under way.
///
/// An image has the agent's record, its members, the channels that it writes to (number, next
/// sequence, reader) and the lambdas that wait for it (in the order of their keys, with the
/// references that they bring). That is all that its future depends on, for at T the rest follows:
///
/// - The reading end of a channel. Everything that was sent before T has arrived, and nothing is
///   sent before T any more; the next lambda on it is absorbed no earlier than those of it that
///   wait, nor than T.
/// - A reference in transit keeps its target from running ahead of who will absorb it: it stands
///   with the lambda that brings it.
///
/// So an image says nothing of domains, nodes, memory or the engine, and is the same on all of
/// them.
///
/// Threads: none inside.
class ImageWriter {
public:
  ImageWriter(World& world, BlockPool& pool) : members_(world, pool) {}

  /// Appends the image of a living agent. Returns why that cannot be done, if so; what was appended
  /// is of no use then.
  [[nodiscard]] std::optional<std::string> write(Cell& cell, BytesWriter& out);

  /// Those of the agents, each with one of them, and of the lambdas in the images so far, by their
  /// ids.
  [[nodiscard]] const std::map<std::uint64_t, Cell*>& classes() const { return classes_; }
  [[nodiscard]] const std::map<std::uint64_t, const ClosureOps*>& lambdas() const {
    return lambda_types_;
  }

private:
  void write_channels(const Cell& cell, BytesWriter& out);
  [[nodiscard]] bool write_lambdas(const Cell& cell, BytesWriter& out);
  [[nodiscard]] bool is_like_the_last(const Cell& cell) const;

  MemberSaver members_;
  std::map<std::uint64_t, Cell*> classes_;
  std::map<std::uint64_t, const ClosureOps*> lambda_types_;
  const AgentOps* last_class_ = nullptr;
  const ClosureOps* last_lambda_ = nullptr;

  // Of the agent that is written.
  std::vector<const Channel*> channels_;
  std::vector<std::pair<EventKey, const Closure*>> lambdas_;
};

} // namespace stos::detail
