#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/service/coordination/request.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::coordination {

/// Who holds which lock, and who waits for it.
///
/// A lock has so many permits as the first claim to it says: 1 is mutual exclusion, more of them a
/// semaphore. Those that wait get it in the order in which they have come. A lock that no client
/// holds or waits for does not exist.
///
/// Each grant, of any lock, has a fencing number, higher than that of every grant before: it only
/// rises, whatever ends or is lost. A resource that remembers the highest number that it has seen,
/// and refuses lower ones, cannot be harmed by a client that does not know yet that it holds the
/// lock no more.
///
/// Units:   milliseconds of the log's time.
/// Limits:  `claims_max` in all, `claims_of_session_max` of one session, `permits_max`.
/// Source:  fencing numbers: Burrows, "The Chubby lock service" (2006), section 2.4 (sequencers).
class LockBook {
public:
  static constexpr std::size_t claims_max = 10'000;
  static constexpr std::size_t claims_of_session_max = 1'000;
  static constexpr std::size_t name_bytes_max = 512;
  static constexpr std::uint32_t permits_max = 10'000;

  /// How that claim is: done with its fencing number, waiting; nothing if there is none.
  [[nodiscard]] std::optional<Answer> find(const ClaimId& claim) const;

  /// @pre there is no such claim
  [[nodiscard]] Answer acquire(const ClaimId& claim, const Request& request, std::uint64_t now_ms);

  /// What it holds, or its place in the queue. False if there is no such claim.
  bool release(const ClaimId& claim, std::uint64_t now_ms);

  /// Releases all claims of a session.
  void forget(SessionId session, std::uint64_t now_ms);

  /// The claim that is the first not to wait any longer, and when.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, ClaimId>> first_end() const;

  /// All that have a claim, without what only sessions know.
  [[nodiscard]] std::vector<LockStatus> statuses(std::uint64_t now_ms) const;

  [[nodiscard]] std::uint64_t last_fence() const { return last_fence_; }
  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t waiting() const { return claims_.size() - held_; }

  void write(BytesWriter& out) const;
  [[nodiscard]] static LockBook read(BytesReader& in);

private:
  struct Claim {
    ClaimId id;
    std::uint64_t fence = 0;             // 0: it waits
    std::uint64_t since_ms = 0;          // it waits, or holds
    std::optional<std::uint64_t> end_ms; // of waiting
  };
  struct Lock {
    std::uint32_t permits = 1;
    std::vector<Claim> holders; // in the order of their grants
    std::deque<Claim> queue;
  };

  void grant(Lock& lock, Claim claim, std::uint64_t now_ms);
  static void write_claim(const Claim& claim, BytesWriter& out);
  [[nodiscard]] static Claim read_claim(BytesReader& in);

  std::map<std::string, Lock> locks_;
  std::map<ClaimId, std::string> claims_; // the lock of each
  std::set<std::pair<std::uint64_t, ClaimId>> ends_;
  std::size_t held_ = 0;
  std::uint64_t last_fence_ = 0;
};

} // namespace stos::coordination
