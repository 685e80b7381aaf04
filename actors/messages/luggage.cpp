#include "actors/messages/luggage.hpp"

#include <atomic>
#include <utility>

namespace stos::detail {
namespace {

thread_local std::vector<Luggage> packed;
thread_local const LuggageHall* hall = nullptr;

} // namespace

std::uint64_t pack_luggage(AgentId agent, caf::mailbox_element_ptr element) {
  static std::atomic<std::uint64_t> last{0};
  const std::uint64_t number = ++last;
  packed.push_back({agent, number, std::move(element)});
  return number;
}

std::vector<Luggage> take_luggage() { return std::exchange(packed, {}); }

LuggageHall::LuggageHall(Claim claim)
    : claim_(std::move(claim)), before_(std::exchange(hall, this)) {}

LuggageHall::~LuggageHall() { hall = before_; }

bool packs_luggage() { return hall != nullptr; }

NoLuggage::NoLuggage() : before_(std::exchange(hall, nullptr)) {}

NoLuggage::~NoLuggage() { hall = before_; }

caf::mailbox_element_ptr claim_luggage(AgentId agent, std::uint64_t number) {
  return hall == nullptr ? nullptr : hall->claim_(agent, number);
}

} // namespace stos::detail
