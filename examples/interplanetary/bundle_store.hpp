#pragma once

#include "bundle.hpp"

#include <cstddef>
#include <map>
#include <vector>

namespace interplanetary {

/// The recorder of one craft: bundles that wait for a contact, and bundles that are on their way to
/// the next custodian and are kept until it answers.
///
/// Order:   within a flow, the oldest bundle goes first, also after it has been refused.
/// Units:   bytes; seconds since the epoch.
/// Threads: none inside.
/// Limits:  none; peak_bytes() says what the recorder would have to hold.
class BundleStore {
public:
  /// `flows` must outlive the store.
  explicit BundleStore(const std::vector<Flow>& flows);

  void put(const Bundle& bundle);

  /// The oldest waiting bundle of `flow`; null if there is none.
  const Bundle* oldest(FlowId flow) const;

  /// Takes the oldest waiting bundle of `flow` for a transmission; a copy stays until heard().
  /// @pre oldest(flow) != nullptr.
  Bundle send_oldest(FlowId flow);

  /// Forgets the bundle that has been accepted elsewhere; one that was refused waits again.
  void heard(const CustodySignal& signal);

  /// Throws away the waiting bundles that are older than their flow allows; returns how many.
  std::size_t expire(double now_s);

  bool anything_waits() const;
  double bytes() const { return bytes_; }
  double peak_bytes() const { return peak_bytes_; }

  /// All but the flows, which have to be the same.
  template <class Inspector>
  bool inspect_content(Inspector& f) {
    return f.object(*this).fields(f.field("waiting", waiting_), f.field("sent", sent_),
                                  f.field("bytes", bytes_), f.field("peak_bytes", peak_bytes_));
  }

private:
  using Queue = std::map<std::uint32_t, Bundle>; // by number, which is by age

  const Flow& flow_of(FlowId id) const { return (*flows_)[static_cast<std::size_t>(id)]; }
  Queue& queue(FlowId id) { return waiting_[static_cast<std::size_t>(id)]; }

  const std::vector<Flow>* flows_;
  std::vector<Queue> waiting_; // by flow
  std::map<BundleName, Bundle> sent_;
  double bytes_{};
  double peak_bytes_{};
};

} // namespace interplanetary
