#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/raft/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace stos::raft {

// What the nodes of a group tell each other. Messages may be lost, delayed, doubled, and overtake
// each other.
//
// Whatever a leader says bears the number of its newest *round*, and what a follower answers bears
// the number that it has read: so the leader knows that it was still followed after it had begun
// that round.

/// "May I lead?" In advance (`pre`), it changes nothing at who answers.
struct VoteRequest {
  bool pre = false;
  bool forced = false; ///< the leader has asked for it, so no voter has to be loyal to that leader
  EntryId last;        ///< of the candidate's log
};

struct VoteReply {
  bool pre = false;
  bool granted = false;
};

/// "Behind `previous` comes this."
struct Append {
  EntryId previous;
  LogIndex commit;
  std::uint64_t round = 0;
  std::vector<EntryPtr> entries;
};

/// "I have all that you have up to `index`", or "I do not have what you think stands at `index`;
/// maybe we agree on `hint`".
struct AppendReply {
  LogIndex index;
  bool rejected = false;
  EntryId hint; ///< if rejected: the term is that of the follower's entry there
  std::uint64_t round = 0;
};

/// "I lead; `commit` is committed, of what you have told me that you have, and that is all up to
/// `acknowledged`."
struct Heartbeat {
  LogIndex commit;
  LogIndex acknowledged;
  std::uint64_t round = 0;
  bool sleep = false; ///< nothing is left to be said: no answer, no more heartbeats
};

struct HeartbeatReply {
  std::uint64_t round = 0;
};

/// Some bytes of a snapshot, from `offset` on.
struct SnapshotPiece {
  EntryId last;
  Configuration configuration;
  std::uint64_t size = 0; ///< of the whole
  std::uint64_t offset = 0;
  std::uint64_t round = 0;
  std::vector<std::byte> data;
};

/// "I have the first `offset` bytes of the snapshot that ends with `index`."
struct SnapshotReply {
  LogIndex index;
  std::uint64_t offset = 0;
  std::uint64_t round = 0;
};

/// "Campaign at once: you are to lead."
struct TimeoutNow {};

/// "How far must I have applied the log to answer this read?"
struct ReadRequest {
  std::uint64_t id = 0;
};

struct ReadReply {
  std::uint64_t id = 0;
  std::optional<LogIndex> index; ///< nothing: ask again
};

/// What modules of elections tell each other; see election.hpp.
enum class ElectionMessage : std::uint8_t { election, ok, coordinator };

using Body =
    std::variant<VoteRequest, VoteReply, Append, AppendReply, Heartbeat, HeartbeatReply,
                 SnapshotPiece, SnapshotReply, TimeoutNow, ReadRequest, ReadReply, ElectionMessage>;

struct Message {
  NodeId from;
  NodeId to;
  Term term; ///< the sender's
  Body body;
};

/// For people: "append", "vote_reply", ...
[[nodiscard]] std::string_view kind_of(const Message& message);

// ---- as bytes
// --------------------------------------------------------------------------------------

void write(const Message& message, BytesWriter& out);

/// Reads any bytes; the reader fails if they are no message. What was read is as write() needs it:
/// entries without a gap and with terms that do not fall, configurations that are valid, a piece
/// within its snapshot. Allocates in proportion to what is left to be read.
[[nodiscard]] Message read_message(BytesReader& in);

} // namespace stos::raft
