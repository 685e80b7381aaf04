#include "libstos/cluster/view/control_machines.hpp"

#include "libstos/base/bytes.hpp"

#include <cstdint>

namespace stos::detail {

std::vector<std::byte> ControlMachines::entry_for(std::size_t place,
                                                  std::span<const std::byte> entry) {
  std::vector<std::byte> bytes;
  bytes.reserve(entry.size() + 1);
  bytes.push_back(static_cast<std::byte>(place));
  bytes.insert(bytes.end(), entry.begin(), entry.end());
  return bytes;
}

void ControlMachines::apply(std::span<const std::byte> entry) {
  if (!entry.empty() && static_cast<std::size_t>(entry[0]) < machines_.size())
    machines_[static_cast<std::size_t>(entry[0])]->apply(entry.subspan(1));
}

void ControlMachines::enter(const View& view) {
  for (ControlMachine* machine : machines_)
    machine->enter(view);
}

std::vector<std::byte> ControlMachines::snapshot() const {
  BytesWriter out;
  for (const ControlMachine* machine : machines_) {
    const std::vector<std::byte> bytes = machine->snapshot();
    out.varint(bytes.size());
    out.raw(bytes);
  }
  return out.take();
}

bool ControlMachines::restore(std::span<const std::byte> bytes) {
  std::vector<std::span<const std::byte>> parts(machines_.size());
  if (!bytes.empty()) {
    BytesReader in(bytes);
    for (std::span<const std::byte>& part : parts)
      part = in.raw(in.count(1));
    if (!in.at_end())
      return false;
  }
  for (std::size_t i = 0; i < machines_.size(); ++i)
    if (!machines_[i]->restore(parts[i]))
      return false;
  return true;
}

} // namespace stos::detail
