#pragma once

#include "scenario.hpp"
#include "visibility.hpp"

#include <optional>
#include <vector>

namespace interplanetary {

/// How far ahead a craft looks for contacts.
inline constexpr double planning_horizon_s = 2.0 * seconds_per_day;

/// The contacts of one link in the order of time. They are searched for when they are asked for,
/// since that is the expensive part of a run, and each of them once.
///
/// Units:   seconds since the epoch.
/// Threads: none inside; each craft has plans of its own.
class ContactPlan {
public:
  /// `scenario` must outlive the plan.
  ContactPlan(const Scenario& scenario, LinkId link);

  /// One that inspect() shall load; use() must follow.
  ContactPlan() = default;
  void use(const Scenario& scenario) { scenario_ = &scenario; }

  /// Whether what is emitted at `t_s` gets through.
  bool is_open(double t_s) const;

  /// When a transmission of `duration_s` can start, at `t_s` or later, so that it fits into one
  /// contact; none if it does not fit into any that opens within the planning horizon.
  /// @pre `t_s` is not before that of the call before.
  std::optional<double> next_start(double t_s, double duration_s);

  template <class Inspector>
  friend bool inspect(Inspector& f, ContactPlan& x) {
    return f.object(x).fields(f.field("link", x.link_), f.field("contacts", x.contacts_),
                              f.field("searched_until_s", x.searched_until_s_));
  }

private:
  const Scenario* scenario_ = nullptr;
  LinkId link_{};
  std::vector<Contact> contacts_; // those found and not over
  double searched_until_s_{};
};

} // namespace interplanetary
