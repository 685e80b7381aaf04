#pragma once

#include "libstos/agent/outbox.hpp"
#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/abroad.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace stos::detail {

/// The kinds of records that parcels become between nodes.
enum class RecordKind : std::uint8_t { lambda, open, close, turned, open_hold, close_hold };

/// What stands beside the kind of a record, in its first byte.
struct RecordFlags {
  static constexpr std::uint8_t kind_mask = 0x07;
  static constexpr std::uint8_t whole_point = 0x08; ///< the emission is not just a time
  static constexpr std::uint8_t depth = 0x10;
  static constexpr std::uint8_t references = 0x20;
  static constexpr std::uint8_t new_code = 0x40; ///< the name of the code follows its number
};

/// Turns what the domains of this node tell one other node into bytes.
///
/// Both ends number the open channels, the lambdas' code and the classes of agents between them, so
/// that a lambda is its data and some 12 bytes: its channel, its time of emission (where on its
/// worldline the source was then, the receiver knows) and the number of its code. Sequence numbers
/// count on at both ends.
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

private:
  void write_lambda(Closure& lambda, BytesWriter& out);
  void write_references(const Closure& lambda, BytesWriter& out);
  void write_open(Channel& channel, BytesWriter& out);
  void write_close(Channel& channel, BytesWriter& out);
  void write_open_hold(Channel& hold, BytesWriter& out);
  void write_close_hold(Channel& hold, BytesWriter& out);
  void write_class(const AgentOps& ops, BytesWriter& out);
  [[nodiscard]] std::uint64_t name_of(Channel& hold);

  Abroad& abroad_;
  std::vector<Channel*> channels_; // by number - 1
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint64_t, std::uint64_t> codes_;   // their numbers by id
  std::unordered_map<std::uint64_t, std::uint64_t> classes_; // likewise
};

} // namespace stos::detail
