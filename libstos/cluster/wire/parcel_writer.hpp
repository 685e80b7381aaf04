#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/gateway/abroad.hpp"
#include "libstos/engine/parallel/outbox.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace stos::detail {

/// The kinds of records that parcels become between nodes.
enum class RecordKind : std::uint8_t {
  lambda,
  open,
  close,
  turned,
  open_hold,
  close_hold,
  verdicts, ///< at a stop: which moves of agents of the sender take place
  image,    ///< and an agent that comes from there
};

/// What stands beside the kind of a record, in its first byte.
struct RecordFlags {
  static constexpr std::uint8_t kind_mask = 0x07;
  static constexpr std::uint8_t whole_point = 0x08; ///< the emission is not just a time
  static constexpr std::uint8_t depth = 0x10;
  static constexpr std::uint8_t references = 0x20;
  static constexpr std::uint8_t new_code = 0x40; ///< the name of the code follows its number
  static constexpr std::uint8_t again = 0x08;    ///< of open: it has been open over another link
  static constexpr std::uint8_t same = 0x08;     ///< of turned: onto the worldline of the last turn
};

/// Turns what the domains of this node tell one other node into bytes.
///
/// Both ends number the open channels, the lambdas' code and the classes of agents between them, so
/// that a lambda is its data and some 12 bytes: its channel, its time of emission (where on its
/// worldline the source was then, the receiver knows) and the number of its code. Sequence numbers
/// count on at both ends. A turn tells the new worldline once, however many channels the source has
/// to that node.
///
/// Threads: none inside.
/// Owns:    the reading ends, here, of channels that lead to that node.
class ParcelWriter {
public:
  explicit ParcelWriter(Abroad& abroad) : abroad_(abroad) {}
  ~ParcelWriter();
  ParcelWriter(const ParcelWriter&) = delete;
  ParcelWriter& operator=(const ParcelWriter&) = delete;

  /// Takes an initial channel, which the other end knows by the same number.
  void adopt(Channel& channel);

  /// Appends `parcel`, and takes what it holds.
  void write(Parcel& parcel, BytesWriter& out);

  /// A channel that one of its ends has moved leads to that node now: gives it a number and tells.
  void write_open_again(Channel& channel, BytesWriter& out);

  /// A channel does not lead to that node any more; this end is not the writer's any more.
  void take_out(Channel& channel);

  /// The same for all for which `is_one(channel)`; passes them to `taken(channel)`.
  template <class IsOne, class Taken>
  void take_out_if(IsOne&& is_one, Taken&& taken) {
    for (std::size_t i = 0; i < channels_.size(); ++i)
      if (Channel* channel = channels_[i]; channel != nullptr && is_one(*channel)) {
        take_out(*channel);
        taken(*channel);
      }
  }

  [[nodiscard]] std::size_t open_channels() const { return channels_.size() - free_.size(); }

private:
  void write_lambda(Closure& lambda, BytesWriter& out);
  void write_references(const Closure& lambda, BytesWriter& out);
  void write_turned(Channel& channel, const Trajectory& path, BytesWriter& out);
  void write_open(Channel& channel, BytesWriter& out);
  void write_close(Channel& channel, BytesWriter& out);
  void write_open_hold(Channel& hold, BytesWriter& out);
  void write_close_hold(Channel& hold, BytesWriter& out);
  void write_class(const AgentOps& ops, BytesWriter& out);
  void number(Channel& channel);

  Abroad& abroad_;
  std::vector<Channel*> channels_; // by number - 1
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint64_t, std::uint64_t> codes_;   // their numbers by id
  std::unordered_map<std::uint64_t, std::uint64_t> classes_; // likewise
  std::optional<Trajectory> last_turn_;
};

} // namespace stos::detail
