#pragma once

#include "libstos/cluster/gateway/link.hpp"
#include "libstos/engine/parallel/rewiring.hpp"
#include "libstos/image/agent_image.hpp"
#include "libstos/world/event_context.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// Agents change their nodes: what is done for it at one stop (see Stops), as one node sees it.
///
/// All nodes know the same wishes. First, when no event is executed anywhere and nothing is under
/// way, each one decides about the agents that are here, tells the verdicts to all, and sends the
/// *images* of those that leave: depart(). What leads to them from here leads abroad from now on,
/// and what they lead to is known by name. Then, when all of that has arrived everywhere, each one
/// puts right where the ends of its channels and holds are, makes agents of the images, and tells
/// the numbers of channels that go over another link from now on: arrive(). No node waits for
/// these, since they come ahead of all that is sent on the channels.
///
/// An image is all that the node knows of the agent: its record, both ends of its channels, its
/// holds, the lambdas in its mailbox with the references that they bring, and its own members. So
/// nothing of the agent's future depends on where it is.
///
/// Cost:    O(ends of channels of the agents that move), and one look at each channel that comes
///          over a link from a node that some agent leaves.
/// Threads: none inside; the gateway owns it.
/// Errors:  images that no such node writes: bad_message. The run has to end then.
class Migration {
public:
  using Links = PerNode<std::unique_ptr<Link>>;

  /// No event, anywhere, is before `least`. @pre `abroad.moves` has the wishes
  Migration(World& world, DomainSet& set, Abroad& abroad, const Links& links, double least);
  ~Migration();
  Migration(const Migration&) = delete;
  Migration& operator=(const Migration&) = delete;

  void depart();
  [[nodiscard]] Result<void> arrive();

  [[nodiscard]] double least() const { return least_; }
  [[nodiscard]] std::size_t left() const { return leaving_.size(); }
  [[nodiscard]] std::size_t arrived() const { return arriving_.size(); }

private:
  struct Leaving {
    Cell* cell;
    NodeIndex node;      ///< that it goes to
    std::size_t members; ///< where they begin in members_
    std::size_t members_bytes;
  };
  struct Arriving {
    NodeIndex from;
    BytesReader in;
    Cell* cell = nullptr;
    std::size_t ends = 0; ///< where they begin in incoming_ends_, as the lambdas count them
    std::size_t ends_count = 0;
  };
  /// From one node to another: two different ones, or it is none.
  struct Relocation {
    NodeIndex from;
    NodeIndex to;

    friend bool operator==(Relocation, Relocation) = default;
  };
  struct LeavingHold {
    const Leaving* leaving;
    Channel* hold;
  };

  // Departure.
  void decide();
  void decide_on(std::size_t wish, Cell& cell, NameTable<AgentId, std::size_t>& known);
  [[nodiscard]] std::optional<std::string> save_members(Cell& cell);
  void tell_verdicts();
  void depart(const Leaving& leaving);
  void send_image(const Leaving& leaving);
  void write_image(const Leaving& leaving, BytesWriter& out);
  void write_incoming(const Cell& cell, BytesWriter& out);
  void sort_incoming(const Cell& cell);
  void write_outgoing(const Cell& cell, BytesWriter& out);
  void write_lambdas(const Cell& cell, BytesWriter& out);
  void write_references(const Closure& lambda, BytesWriter& out);
  void loosen(Cell& cell);
  void delete_agent_of(const Leaving& leaving);
  void leave_outgoing(const Leaving& leaving, Channel& channel);
  void leave_lambdas(const Leaving& leaving);
  void leave_hold_of(const Leaving& leaving, Channel& hold);
  void leave_incoming(const Leaving& leaving);
  void leave_end(Channel& channel);
  void leave_own_hold(const Leaving& leaving, Channel& hold);
  void lead_abroad(const Leaving& leaving, Channel& channel);
  void free_leaving();
  [[nodiscard]] static bool leaves(const Cell& cell) { return cell.state == CellState::elsewhere; }

  // Arrival.
  void find_relocations();
  [[nodiscard]] Relocation relocation_of(AgentId agent) const { return relocations_.find(agent); }
  [[nodiscard]] NodeIndex now_at(AgentId agent, NodeIndex before) const;
  void reroute_channels();
  void reroute_writers(Link& link);
  void reroute_readers(Link& link);
  void reroute_holds();
  [[nodiscard]] bool read_agent(Arriving& arriving);
  [[nodiscard]] bool read_incoming(Arriving& arriving);
  [[nodiscard]] std::span<Channel* const> ends_of(const Arriving& arriving) const {
    return std::span(incoming_ends_).subspan(arriving.ends, arriving.ends_count);
  }
  [[nodiscard]] bool read_end(Arriving& arriving, bool detached);
  [[nodiscard]] Channel* end_of(Cell& cell, ChannelName name, NodeIndex node, bool source_moves);
  [[nodiscard]] bool read_holds(Arriving& arriving);
  [[nodiscard]] Channel* own_hold_of(Cell& cell, std::uint64_t name, AgentId holder,
                                     NodeIndex node);
  [[nodiscard]] bool read_outgoing(Arriving& arriving);
  [[nodiscard]] bool read_lambdas(Arriving& arriving);
  [[nodiscard]] bool read_references(Closure& lambda, Cell& holder, BytesReader& in);
  [[nodiscard]] bool read_members(Arriving& arriving);
  void tell_numbers();
  void open_end(Cell& cell, Channel& channel);
  [[nodiscard]] Error unreadable(const Arriving& arriving, const char* part) const;

  World& world_;
  DomainSet& set_;
  Abroad& abroad_;
  const Links& links_;
  const double least_;
  Rewiring rewiring_;

  // Departure, in the order of the agents' ids, as they lie in memory more or less.
  std::vector<Leaving> leaving_;
  std::vector<std::byte> members_; // of those who leave, as they were before anything changed
  std::vector<LeavingHold> own_holds_;
  MemberSaver saver_;
  EventContext deleting_;

  // Of the agent whose image is written, and the image.
  std::vector<std::byte> image_;
  std::vector<const IncomingChannel*> open_ends_;
  std::vector<const IncomingChannel*> closed_ends_; // while lambdas that came on them are queued
  std::vector<std::pair<const IncomingChannel*, std::size_t>> index_of_ends_;
  std::vector<Channel*> holds_;
  std::vector<Channel*> outgoing_;

  // Arrival.
  std::vector<Arriving> arriving_;
  std::vector<Channel*> incoming_ends_;        // theirs
  NameTable<AgentId, Relocation> relocations_; // of all agents that move
  ChannelsByName writers_;                     // from agents that stay here to agents that arrive
  ChannelsByName readers_;                     // from agents that arrive to agents that are here
  std::vector<Channel*> to_number_;            // from agents here to agents elsewhere
  EventContext loading_;
  Transfer load_{Transfer::Kind::load};
  std::string problem_; // of what cannot be read
};

} // namespace stos::detail
