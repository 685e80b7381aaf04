#pragma once

#include "libstos/cluster/view/control_machine.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace stos::detail {

/// Several machines on one control log: each has its place in a list, the same one on all nodes,
/// and its entries bear the number of the place (entry_for()).
///
/// Owns:    nothing; the machines outlive it.
/// Threads: none inside.
class ControlMachines final : public ControlMachine {
public:
  explicit ControlMachines(std::vector<ControlMachine*> machines)
      : machines_(std::move(machines)) {}

  [[nodiscard]] static std::vector<std::byte> entry_for(std::size_t place,
                                                        std::span<const std::byte> entry);

  void apply(std::span<const std::byte> entry) override;
  void enter(const View& view) override;
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  /// Where one of them refuses its part, those before it have taken theirs: no node goes on so.
  [[nodiscard]] bool restore(std::span<const std::byte> bytes) override;

private:
  const std::vector<ControlMachine*> machines_;
};

} // namespace stos::detail
