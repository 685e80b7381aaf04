#include "libstos/cluster/abroad.hpp"

namespace stos::detail {

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
  elsewhere.lead_no_more_to(to);
}

} // namespace stos::detail
