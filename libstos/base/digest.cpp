#include "libstos/base/digest.hpp"

#include "libstos/base/hexadecimal.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <bit>

namespace stos {

void EventDigest::add(const EventRecord& event) {
  const std::array<std::uint64_t, 4> words = {std::bit_cast<std::uint64_t>(event.absorption_time),
                                              event.source.value, event.channel.value,
                                              event.sequence};
  state_ = XXH3_64bits_withSeed(words.data(), sizeof words, state_);
}

void RunDigest::add(AgentId agent, EventDigest events) {
  sum_ += mix64(agent.value + mix64(events.value()));
}

std::string RunDigest::to_string() const { return hexadecimal(sum_); }

std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_text(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

} // namespace stos
