#pragma once

#include "scenario.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <type_traits>

/// What travels through the network: plain values, fit to be sent to another machine.
///
/// Source: K. Scott and S. Burleigh, "Bundle Protocol Specification", RFC 5050 (2007): bundles,
///         custodians, lifetimes. Fragments are left out: a bundle crosses a link in one piece.
namespace interplanetary {

/// The longest way that a bundle may take.
inline constexpr std::uint32_t hops_max = 4;

/// Names a bundle: the how-manieth of its flow, counted from 0.
struct BundleName {
  FlowId flow{};
  std::uint32_t number{};

  friend auto operator<=>(const BundleName&, const BundleName&) = default;
};

/// One link that a bundle has crossed.
struct HopRecord {
  MobileId from{};
  MobileId to{};
  double sent_s{};     ///< when its last bit left
  double received_s{}; ///< when its last bit arrived
};

struct Bundle {
  BundleName name;
  double created_s{};
  std::uint32_t hop_count{};
  std::array<HopRecord, hops_max> hops{};
};

/// A receiver's answer to a transmission: it has taken custody, or the bundle came in damaged and
/// the sender is to repeat it.
struct CustodySignal {
  BundleName name;
  bool accepted{};
};

static_assert(std::is_trivially_copyable_v<Bundle> && std::is_trivially_copyable_v<CustodySignal>);

} // namespace interplanetary
