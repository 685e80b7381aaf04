#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/gateway/abroad.hpp"
#include "libstos/engine/parallel/outbox.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace stos::detail {

/// Turns the bytes of another node's ParcelWriter into what they mean for the domains of this node.
///
/// Threads: none inside.
/// Owns:    nothing that it has posted.
/// Errors:  bytes that no ParcelWriter of the same state writes: bad_message. What was posted
///          before the error stays, so that the run has to end.
class ParcelReader {
public:
  ParcelReader(Abroad& abroad, NodeIndex node, Outbox& to_domains)
      : abroad_(abroad), node_(node), to_domains_(to_domains) {}

  /// Takes an initial channel from that node, and the number of lambdas that came on it.
  void adopt(Channel& channel, AgentId source);

  /// The channel, which comes from that node, does not do so any more.
  void take_out(Channel& channel) {
    channels_[std::exchange(channel.far_course().wire, 0) - 1].channel = nullptr;
  }

  /// Channels for which `is_one(channel, source)` do not come from that node any more: passes them
  /// to `taken(channel, source)`.
  template <class IsOne, class Taken>
  void take_out_if(IsOne&& is_one, Taken&& taken) {
    for (const Incoming& incoming : channels_)
      if (Channel* channel = incoming.channel;
          channel != nullptr && is_one(*channel, incoming.source)) {
        take_out(*channel);
        taken(*channel, incoming.source);
      }
  }

  /// Reads all records of `in`, none of which is from before laboratory time `earliest`, and posts
  /// them to the domains.
  [[nodiscard]] Result<void> read(BytesReader& in, double earliest);

  [[nodiscard]] std::uint64_t lambdas() const { return lambdas_; } ///< that it has read

private:
  struct Incoming {
    Channel* channel = nullptr; ///< null: the number is free
    AgentId source;
    std::uint64_t next_sequence = 0;
    Trajectory path; ///< of the source, as far as this end has read
    double last_emission = Instant::beginning().absorption; ///< since the last stop
  };

  [[nodiscard]] bool read_record(BytesReader& in);
  [[nodiscard]] bool read_lambda(std::uint8_t flags, BytesReader& in);
  [[nodiscard]] bool read_references(std::vector<CarriedReference>& references, const Cell& holder,
                                     BytesReader& in);
  [[nodiscard]] Channel* take_hold(std::uint64_t name, AgentId target, NodeIndex target_node,
                                   const AgentOps& ops, const Cell& holder);
  [[nodiscard]] bool read_open(BytesReader& in);
  [[nodiscard]] bool read_open_again(BytesReader& in);
  [[nodiscard]] bool take_number(std::uint64_t number);
  [[nodiscard]] bool read_verdicts(BytesReader& in);
  [[nodiscard]] bool read_image(BytesReader& in);
  [[nodiscard]] bool read_close(BytesReader& in);
  [[nodiscard]] bool read_turned(std::uint8_t flags, BytesReader& in);
  [[nodiscard]] bool read_open_hold(BytesReader& in);
  [[nodiscard]] bool read_close_hold(BytesReader& in);
  [[nodiscard]] const AgentOps* read_class(BytesReader& in);
  [[nodiscard]] Incoming* channel_of(std::uint64_t number);
  [[nodiscard]] bool refuse(std::string problem);

  Abroad& abroad_;
  const NodeIndex node_;
  Outbox& to_domains_;
  std::uint64_t lambdas_ = 0;
  std::optional<Trajectory> last_turn_;
  std::vector<Incoming> channels_; // by number - 1
  std::vector<const ClosureOps*> codes_;
  std::vector<const AgentOps*> classes_;
  double earliest_ = Instant::beginning().absorption; // of the frame that is being read
  std::string problem_;
};

} // namespace stos::detail
