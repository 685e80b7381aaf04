#include "contact_plan.hpp"

#include <algorithm>

namespace interplanetary {

ContactPlan::ContactPlan(const Scenario& scenario, LinkId link)
    : scenario_(&scenario), link_(link) {}

bool ContactPlan::is_open(double t_s) const {
  const Link& link = (*scenario_)[link_];
  return link_state(scenario_->system, scenario_->sun_keep_out_deg, link.from, link.to, t_s).open;
}

std::optional<double> ContactPlan::next_start(double t_s, double duration_s) {
  contacts_.erase(contacts_.begin(),
                  std::find_if(contacts_.begin(), contacts_.end(),
                               [t_s](const Contact& contact) { return contact.closes_s > t_s; }));
  const auto start_in = [&](const Contact& contact) { return std::max(t_s, contact.opens_s); };
  for (const auto& contact : contacts_)
    if (start_in(contact) + duration_s <= contact.closes_s)
      return start_in(contact);

  const Link& link = (*scenario_)[link_];
  const double horizon_s = t_s + planning_horizon_s;
  while (searched_until_s_ < horizon_s) {
    const auto contact = next_contact(scenario_->system, scenario_->sun_keep_out_deg, link.from,
                                      link.to, std::max(searched_until_s_, t_s), horizon_s);
    searched_until_s_ = contact ? contact->closes_s + contact_resolution_s : horizon_s;
    if (!contact)
      break;
    contacts_.push_back(*contact);
    if (start_in(*contact) + duration_s <= contact->closes_s)
      return start_in(*contact);
  }
  return std::nullopt;
}

} // namespace interplanetary
