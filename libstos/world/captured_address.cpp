#include "libstos/world/captured_address.hpp"

#include "libstos/world/agent_base.hpp"

#include <cstdint>
#include <cstring>

namespace stos::detail {
namespace {

constexpr std::uintptr_t searched_stack_bytes = 1 << 20;

std::uintptr_t number_of(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

} // namespace

void require_no_address(const Cell& cell, std::span<const std::byte> captured) {
  const std::uintptr_t stack = number_of(__builtin_frame_address(0));
  std::uintptr_t begin = 0;
  std::uintptr_t size = 0;
  if (cell.agent != nullptr) {
    const std::span<const std::byte> object = cell.ops->object(*cell.agent);
    begin = number_of(object.data());
    size = object.size();
  }
  std::uintptr_t word = 0;
  for (std::size_t i = 0; i + sizeof word <= captured.size(); i += sizeof word) {
    std::memcpy(&word, captured.data() + i, sizeof word);
    const bool is_own = word - begin < size;
    if (is_own || word - stack < searched_stack_bytes)
      throw UsageError(Errc::bad_argument,
                       describe(cell) + ": a lambda captures " +
                           (is_own ? "`this`, or a pointer or reference to a member of its agent"
                                   : "a pointer or reference to a local variable") +
                           ", which means nothing on another node, nor once that is gone. The "
                           "agent that absorbs a lambda is its first parameter; use send_local or "
                           "after_local for lambdas that never leave their node");
  }
}

} // namespace stos::detail
