#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stos::coordination {

/// Names a client's session: drawn at random by the client. Never 0.
struct SessionId {
  std::uint64_t value = 0;

  friend auto operator<=>(SessionId, SessionId) = default;
};

/// A client's place at a lock: where it waits, and then what it holds. It has the sequence number
/// of the request that has asked for it.
struct ClaimId {
  SessionId session;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const ClaimId&, const ClaimId&) = default;
};

/// What a client asks the nodes of a cluster for.
///
/// What changes something (changes_something()) belongs to a session, and has a sequence number
/// there, from 1 on: it may be sent again, to any node, and is done once. Everything else is
/// answered by what every change that was acknowledged before has left; a watch by what the node
/// that is asked has heard of.
struct Request {
  enum class What : std::uint8_t {
    open,    ///< the session, with its lease; needs no sequence number
    renew,   ///< the lease of the session; likewise
    close,   ///< the session: all that it has is released; likewise
    acquire, ///< a permit of the lock; to be asked again as long as the answer is `waiting`
    release, ///< `claim`
    put,     ///< the value of a key
    remove,  ///< a key
    propose, ///< likewise, if the key has no value yet; the answer has the one that it has then
    get,     ///< a key
    list,    ///< all keys that begin so
    watch,   ///< their changes, if there is one or as soon as there is
    locks,   ///< all that are held
    sync,    ///< nothing: what was acknowledged before is known to the node that answers
  };

  What what = What::sync;
  SessionId session;
  std::uint64_t sequence = 0;
  std::uint64_t done_below = 0; ///< no answer to a lower sequence number is of interest any more
  std::string name;             ///< of the client (open), a lock, a key, the beginning of keys
  std::string value;            ///< put, propose
  std::uint32_t lease_ms = 0;   ///< open
  std::uint32_t permits = 1;    ///< acquire: so many holders at a time
  std::optional<std::uint64_t> wait_ms; ///< acquire: for so long in the queue; nothing: for ever
  std::uint64_t claim = 0;              ///< release: the sequence number of its acquire
  std::optional<std::uint64_t>
      expected;                  ///< put, remove: only if the key has that revision; 0: none
  bool is_prefix = false;        ///< watch: of all keys that begin so
  std::uint64_t after = 0;       ///< watch: changes after that revision
  std::uint32_t patience_ms = 0; ///< acquire, watch: the node may wait so long with its answer

  friend bool operator==(const Request&, const Request&) = default;
};

[[nodiscard]] bool changes_something(Request::What what);

/// What any node can see is wrong about a request; nothing if there is none.
[[nodiscard]] std::optional<std::string> objection_to(const Request& request);

/// A key with its value, and the number of the change that has made it.
struct Entry {
  std::string key;
  std::string value;
  std::uint64_t revision = 0;

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// A change of one key. All changes of all keys have one numbering.
struct Change {
  Entry entry; ///< the value is empty if it was removed
  bool is_removal = false;

  friend bool operator==(const Change&, const Change&) = default;
};

/// Who holds a permit of a lock, or waits for it.
struct ClaimStatus {
  SessionId session;
  std::string client;
  std::uint64_t fence = 0;   ///< 0: it waits
  std::uint64_t for_ms = 0;  ///< so long, in the time of the log
  std::uint64_t left_ms = 0; ///< of the session's lease, unless that is renewed

  friend bool operator==(const ClaimStatus&, const ClaimStatus&) = default;
};

struct LockStatus {
  std::string name;
  std::uint32_t permits = 1;
  std::vector<ClaimStatus> claims; ///< the holders, then those that wait, in their order

  friend bool operator==(const LockStatus&, const LockStatus&) = default;
};

struct Answer {
  enum class Outcome : std::uint8_t {
    done,
    waiting,      ///< for the lock: to be asked again
    not_there,    ///< no value; no such claim any more
    conflict,     ///< the key has another revision than expected: `entries` has it
    timed_out,    ///< the lock was not to be had in that time
    session_over, ///< its lease has ended, or it was closed: nothing that it held is its any more
    compacted,    ///< changes after that revision are forgotten; those after `revision` are not
    bad_request,
    full,      ///< a limit, which `why` names
    try_later, ///< the node has too much to do
    node_lost, ///< the node does not belong to its cluster: another one has to be asked
  };

  Outcome outcome = Outcome::done;
  std::string why; ///< of all that is neither done nor waiting, for people
  std::uint64_t fence = 0;
  std::uint64_t revision = 0; ///< of the change; of a look: up to which all is in the answer
  std::vector<Entry> entries;
  std::vector<Change> changes;
  std::vector<LockStatus> locks;

  friend bool operator==(const Answer&, const Answer&) = default;
};

[[nodiscard]] std::string_view to_string(Answer::Outcome outcome);

void write(const Request& request, BytesWriter& out);
void write(const Answer& answer, BytesWriter& out);
/// Read any bytes; `in` fails if they are none.
[[nodiscard]] Request read_request(BytesReader& in);
[[nodiscard]] Answer read_answer(BytesReader& in);

} // namespace stos::coordination
