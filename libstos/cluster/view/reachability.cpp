#include "libstos/cluster/view/reachability.hpp"

#include "libstos/base/bytes.hpp"
#include "libstos/cluster/view/view.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace stos::detail {

std::vector<std::byte> encode(const Reachability& reachability) {
  BytesWriter out;
  out.varint(reachability.epoch);
  out.varint(reachability.of.size());
  for (const Reachability::State state : reachability.of)
    out.u8(static_cast<std::uint8_t>(state));
  out.u8(reachability.wants_to_leave ? 1 : 0);
  out.varint(reachability.newcomers.size());
  for (const std::uint64_t life : reachability.newcomers)
    out.u64(life);
  out.varint(reachability.notes.size());
  for (const RunNote& note : reachability.notes)
    write_note(note, out);
  return out.take();
}

Result<Reachability> decode_reachability(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  Reachability reachability;
  reachability.epoch = in.varint();
  const std::size_t size = in.count(1);
  while (reachability.of.size() < size && in.ok()) {
    const std::uint8_t state = in.u8();
    if (state > static_cast<std::uint8_t>(Reachability::State::lost))
      in.fail();
    reachability.of.push_back(static_cast<Reachability::State>(state));
  }
  reachability.wants_to_leave = in.u8() != 0;
  const std::size_t newcomers = in.count(sizeof(std::uint64_t));
  while (reachability.newcomers.size() < newcomers && in.ok())
    reachability.newcomers.push_back(in.u64());
  constexpr std::size_t least_bytes = 10; // of a note
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left)
    reachability.notes.push_back(read_note(in));
  if (!in.at_end() || reachability.newcomers.size() > View::members_max ||
      reachability.notes.size() > RunLedger::runs_max || reachability.of.size() > View::members_max)
    return Error{Errc::bad_message,
                 "no reachability: " + std::to_string(bytes.size()) + " bytes that make no sense"};
  return reachability;
}

void Reachabilities::hear(std::size_t from, Reachability reachability) {
  if (from < members_ && reachability.epoch == epoch_ && reachability.of.size() == members_)
    seen_[from] = std::move(reachability);
}

Reachabilities::State Reachabilities::seen_by(std::size_t from, std::size_t of) const {
  const auto seen = seen_.find(from);
  return seen == seen_.end() ? State::fine : seen->second.of[of];
}

Reachabilities::State Reachabilities::between(std::size_t a, std::size_t b) const {
  return a == b ? State::fine : std::max(seen_by(a, b), seen_by(b, a));
}

bool Reachabilities::all_reach(std::uint64_t newcomer) const {
  return seen_.size() == members_ && std::ranges::all_of(seen_, [newcomer](const auto& seen) {
           return std::ranges::count(seen.second.newcomers, newcomer) > 0;
         });
}

std::vector<std::size_t> Reachabilities::who_wants_to_leave() const {
  std::vector<std::size_t> leaving;
  for (const auto& [member, seen] : seen_)
    if (seen.wants_to_leave)
      leaving.push_back(member);
  return leaving;
}

std::vector<RunNote> Reachabilities::notes() const {
  std::vector<RunNote> all;
  for (const auto& [member, seen] : seen_)
    all.insert(all.end(), seen.notes.begin(), seen.notes.end());
  return all;
}

bool Reachabilities::any(State state) const {
  return std::ranges::any_of(
      seen_, [state](const auto& seen) { return std::ranges::count(seen.second.of, state) > 0; });
}

std::vector<std::size_t> Reachabilities::who_has_to_go(std::size_t self) const {
  std::vector<std::size_t> gone;
  const auto stays = [&](std::size_t member) { return std::ranges::count(gone, member) == 0; };
  const auto lost_by = [&](std::size_t member) {
    std::size_t lost = 0;
    for (std::size_t other = 0; other < members_; ++other)
      if (stays(other) && between(member, other) == State::lost)
        ++lost;
    return lost;
  };
  for (;;) {
    // The greatest of these has to go.
    std::tuple<std::size_t, bool, std::size_t> worst{0, false, 0};
    for (std::size_t member = 0; member < members_; ++member)
      if (member != self && stays(member))
        worst = std::max(worst, {lost_by(member), !has_heard(member), member});
    if (std::get<0>(worst) == 0)
      break;
    gone.push_back(std::get<2>(worst));
  }
  std::ranges::sort(gone);
  return gone;
}

} // namespace stos::detail
