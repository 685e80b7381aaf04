#pragma once

#include "libstos/agent/rewiring.hpp"
#include "libstos/cluster/link.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace stos::detail {

/// Agents change their nodes: one stop of the whole cluster, see DomainBoard, as one node sees it.
///
/// All nodes know the same wishes. First, when no event is executed anywhere and nothing is under
/// way, each one decides about the agents that are here, tells the verdicts to all, and sends the
/// *images* of those who leave: depart(). What leads to them from here leads abroad from now on,
/// and what they lead to is known by name. Then, when all of that has arrived everywhere, each one
/// puts right where the ends of its channels and holds are, makes agents of the images, and tells
/// the numbers of channels that go over another link from now on: arrive(). Nobody has to wait for
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
  using Links = std::vector<std::unique_ptr<Link>>;

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
    std::size_t node;
    std::vector<std::byte> members;
  };
  struct Arriving {
    std::size_t from;
    BytesReader in;
    Cell* cell = nullptr;
    std::vector<Channel*> incoming; ///< as the lambdas of the image count them
  };
  struct Way {
    std::size_t from;
    std::size_t to;
  };

  // Departure.
  void decide();
  void decide_on(std::size_t wish, Cell& cell,
                 std::unordered_map<std::uint64_t, std::size_t>& known);
  [[nodiscard]] std::optional<std::string> obstacle(Cell& cell, std::vector<std::byte>& members);
  void tell_verdicts();
  void send_images();
  void write_image(const Leaving& leaving, BytesWriter& out);
  void write_incoming(const Cell& cell, std::vector<const IncomingChannel*>& ends,
                      BytesWriter& out);
  void write_outgoing(const Cell& cell, BytesWriter& out);
  void write_lambdas(const Cell& cell, const std::vector<const IncomingChannel*>& ends,
                     BytesWriter& out);
  void write_references(const Closure& lambda, BytesWriter& out);
  void loosen(Cell& cell);
  void delete_agent_of(const Leaving& leaving);
  void leave_outgoing(const Leaving& leaving, Channel& channel);
  void leave_lambdas(const Leaving& leaving);
  void leave_hold_of(const Leaving& leaving, Channel& hold);
  void leave_incoming(const Leaving& leaving);
  void leave_own_hold(const Leaving& leaving, Channel& hold);
  void lead_abroad(const Leaving& leaving, Channel& channel);
  void free_leaving();
  [[nodiscard]] static bool leaves(const Cell& cell) { return cell.state == CellState::elsewhere; }

  // Arrival.
  void find_ways();
  [[nodiscard]] std::size_t now_at(AgentId agent, std::size_t node) const;
  void reroute_channels();
  void reroute_holds();
  [[nodiscard]] bool read_record(Arriving& arriving);
  [[nodiscard]] bool read_incoming(Arriving& arriving);
  [[nodiscard]] bool read_end(Arriving& arriving, bool detached);
  [[nodiscard]] Channel* end_of(Cell& cell, ChannelName name, std::size_t node);
  [[nodiscard]] bool read_holds(Arriving& arriving);
  [[nodiscard]] Channel* own_hold_of(Cell& cell, std::uint64_t name, AgentId holder,
                                     std::size_t node);
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

  std::vector<Leaving> leaving_;
  std::vector<Arriving> arriving_;
  std::unordered_map<std::uint64_t, Way> ways_; // of all agents that move, by their ids
  ChannelsByName writers_;                      // from agents that stay here to agents that arrive
  ChannelsByName readers_;                      // from agents that arrive to agents that are here
  std::vector<Channel*> to_number_;             // from agents here to agents elsewhere
  std::string problem_;                         // of what cannot be read
};

} // namespace stos::detail
