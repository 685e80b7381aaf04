#include "libstos/cluster/gateway/abroad.hpp"

#include <algorithm>

namespace stos::detail {

std::span<const std::byte> ByteStore::add(std::span<const std::byte> bytes) {
  constexpr std::size_t block_bytes = std::size_t{1} << 18;
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < bytes.size())
    blocks_.emplace_back().reserve(std::max(block_bytes, bytes.size()));
  std::vector<std::byte>& block = blocks_.back();
  const std::size_t begin = block.size();
  block.insert(block.end(), bytes.begin(), bytes.end());
  return std::span(block).subspan(begin);
}

Abroad::~Abroad() {
  for (const auto& [name, hold] : holds.closed_from_here)
    hold->let_go();
}

std::uint64_t Abroad::name_of(Channel& hold) {
  std::uint64_t& name = hold.far_course().wire;
  if (name == 0)
    name = holds.new_name(place.own_node);
  return name;
}

void Abroad::let_go_of(Channel& channel) {
  Cell& to = *channel.to;
  channel.let_go();
  elsewhere.release(to);
}

} // namespace stos::detail
