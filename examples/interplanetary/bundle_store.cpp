#include "bundle_store.hpp"

#include <algorithm>

namespace interplanetary {

BundleStore::BundleStore(const std::vector<Flow>& flows) : flows_(&flows), waiting_(flows.size()) {}

void BundleStore::put(const Bundle& bundle) {
  queue(bundle.name.flow).emplace(bundle.name.number, bundle);
  bytes_ += flow_of(bundle.name.flow).bundle_bytes;
  peak_bytes_ = std::max(peak_bytes_, bytes_);
}

const Bundle* BundleStore::oldest(FlowId flow) const {
  const Queue& waiting = waiting_[static_cast<std::size_t>(flow)];
  return waiting.empty() ? nullptr : &waiting.begin()->second;
}

Bundle BundleStore::send_oldest(FlowId flow) {
  Queue& waiting = queue(flow);
  const Bundle bundle = waiting.begin()->second;
  waiting.erase(waiting.begin());
  sent_.emplace(bundle.name, bundle);
  return bundle;
}

void BundleStore::heard(const CustodySignal& signal) {
  const auto found = sent_.find(signal.name);
  if (found == sent_.end())
    return;
  if (signal.accepted)
    bytes_ -= flow_of(signal.name.flow).bundle_bytes;
  else
    queue(signal.name.flow).emplace(signal.name.number, found->second);
  sent_.erase(found);
}

std::size_t BundleStore::expire(double now_s) {
  std::size_t expired = 0;
  for (auto& waiting : waiting_)
    while (!waiting.empty()) {
      const Bundle& bundle = waiting.begin()->second;
      const Flow& flow = flow_of(bundle.name.flow);
      if (now_s - bundle.created_s <= flow.lifetime_s)
        break;
      bytes_ -= flow.bundle_bytes;
      waiting.erase(waiting.begin());
      ++expired;
    }
  return expired;
}

bool BundleStore::anything_waits() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const Queue& waiting) { return !waiting.empty(); });
}

} // namespace interplanetary
