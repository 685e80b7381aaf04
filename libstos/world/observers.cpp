#include "libstos/world/observers.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/model_error.hpp"
#include "libstos/world/world.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace stos::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr std::uint8_t wants_stop = 1;
constexpr std::uint8_t has_failed = 2;

// The first of first, first + every, first + 2 every, ... that is after `time`.
double next_of(double first, double every, double time) {
  if (time < first)
    return first;
  const double before = std::floor((time - first) / every);
  double next = first;
  for (double k = std::max(0.0, before - 1); !(next > time) && k <= before + 2; ++k)
    next = first + k * every;
  return next > time ? next : std::nextafter(time, infinity); // it is below the steps of numbers
}

bool is_one_of(double first, double every, double time) {
  return next_of(first, every, std::nextafter(time, -infinity)) == time;
}

void require_period(double period, const std::string& of) {
  if (!(period > 0) || !std::isfinite(period))
    throw UsageError(Errc::bad_argument,
                     of + ": every " + exact_text(period) + " s, which must be a time above 0");
}

std::string text_of(const std::vector<double>& bins) {
  std::string text;
  for (const double bound : bins)
    text += (text.empty() ? " in bins " : "|") + exact_text(bound);
  return text;
}

// @pre in a catch block
Error in_words(const std::string& at_what, double time) {
  Error error = error_of_current_exception();
  error.context = at_what + " at " + exact_text(time) + " s: " + error.context;
  return error;
}

} // namespace

bool Observers::Observer::is_due(double time) const {
  return is_one_of(look.first, look.every, time);
}

void Observers::add(std::string name, Look look, Show show) {
  const std::string text = "observer \"" + name + "\"";
  require_period(look.every, text);
  if (!std::isfinite(look.first))
    throw UsageError(Errc::bad_argument, text + ": its first look is at no time");
  if (name.empty() || std::ranges::count(plan_, name, &Observer::name) > 0)
    throw UsageError(Errc::bad_argument,
                     text + (name.empty() ? ": it needs a name" : ": there is one already"));
  if (plan_.size() == observers_max)
    throw UsageError(Errc::bad_argument, text + ": there are " + std::to_string(observers_max) +
                                             " observers already, and no more can be");
  try {
    static_cast<void>(Bins(look.bins));
  } catch (const UsageError& e) {
    throw UsageError(e.error().code, text + ": " + e.error().context);
  }
  plan_.push_back({std::move(name), std::move(look), std::move(show)});
}

void Observers::stop_every(double period) {
  require_period(period, "agents that ask for the end are heard");
  stop_period_ = period;
}

void Observers::take_plan(const Observers& other) {
  plan_ = other.plan_;
  stop_period_ = other.stop_period_;
}

std::string Observers::to_string() const {
  std::string text;
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  for (const Observer& each : plan_)
    add(each.name + " every " + exact_text(each.look.every) + " s from " +
        exact_text(each.look.first) + " s" + (each.look.quantiles ? " with quantiles" : "") +
        text_of(each.look.bins) + (each.look.until ? " with a condition" : ""));
  if (stop_period_ > 0)
    add("stop() every " + exact_text(stop_period_) + " s");
  return text.empty() ? "none" : text;
}

double Observers::next_after(double time, double end) const {
  double next = infinity;
  for (const Observer& each : plan_)
    next = std::min(next, next_of(each.look.first, each.look.every, time));
  if (stop_period_ > 0)
    next = std::min(next, next_of(stop_period_, stop_period_, time));
  if (!plan_.empty() && time < end && std::isfinite(end))
    next = std::min(next, end);
  return next <= end ? next : infinity;
}

void Observers::ask_to_stop() {
  const bool is_heard = stop_period_ > 0 || std::ranges::any_of(plan_, [](const Observer& each) {
                          return static_cast<bool>(each.look.until);
                        });
  if (!is_heard)
    throw UsageError(Errc::not_supported,
                     "stop(): nothing looks whether the run is to end; the set-up has to say how "
                     "often: simulation.stop_every(period)");
  stop_is_wanted_ = true;
}

bool Observers::hears_of_stop(double time) const {
  return (stop_period_ > 0 && is_one_of(stop_period_, stop_period_, time)) ||
         std::ranges::any_of(
             plan_, [time](const Observer& each) { return each.look.until && each.is_due(time); });
}

bool Observers::look(const WorldAtStop& world, double end) {
  time_ = world.time;
  const bool is_end = time_ == end;
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (is_end || plan_[i].is_due(time_))
      due.push_back(i);
  look_at(world, due);
  return !is_end && hears_of_stop(time_);
}

// Agents that are to begin later are there already.
void Observers::look_at(const WorldAtStop& world, const std::vector<std::size_t>& due) {
  std::vector<Observation> all;
  for (const std::size_t i : due)
    all.push_back(
        {plan_[i].name, time_, Observed(plan_[i].look.quantiles, Bins(plan_[i].look.bins))});
  for (const Cell* cell : world.agents) {
    if (due.empty() || cell->agent == nullptr || cell->path.anchor()[0] > time_)
      continue;
    const Point place = cell->path.position(time_);
    for (std::size_t k = 0; k < due.size(); ++k)
      try {
        plan_[due[k]].show(*cell->agent, place, all[k].seen);
      } catch (...) {
        fail(cell->id,
             in_words("observer \"" + plan_[due[k]].name + "\", looking at " + describe(*cell),
                      time_));
      }
  }
  now_.clear();
  for (std::size_t k = 0; k < due.size(); ++k)
    if (plan_[due[k]].look.until)
      now_.push_back(all[k]);
  if (after_look)
    after_look(all);
  std::ranges::move(all, std::back_inserter(seen_));
  if (seen_.size() > most_ && !failure_)
    fail({},
         {Errc::bad_argument, "the observers have seen more than " + std::to_string(most_) +
                                  " things (limits.reports_max) at " + exact_text(time_) + " s"});
}

// The same one, in whatever order agents are looked at.
void Observers::fail(AgentId agent, Error error) {
  if (!failure_ || agent < failure_->agent)
    failure_ = Failure{time_, agent, std::move(error)};
}

std::vector<std::byte> Observers::seen() const {
  BytesWriter out;
  out.u8(
      static_cast<std::uint8_t>((stop_is_wanted_ ? wants_stop : 0) | (failure_ ? has_failed : 0)));
  write_observations(now_, out);
  return out.take();
}

Result<bool> Observers::conclude(std::span<const std::vector<std::byte>> of_all_nodes) {
  bool ends = false;
  std::vector<Observation> together;
  for (const std::vector<std::byte>& bytes : of_all_nodes) {
    BytesReader in(bytes);
    ends = in.u8() != 0 || ends;
    std::vector<Observation> there = read_observations(in);
    if (!in.at_end() || there.size() != now_.size())
      return Error{Errc::bad_message, "what the observers of a node have seen cannot be read"};
    add_observations(together, std::move(there));
  }
  for (const Observation& each : together) {
    const auto observer = std::ranges::find(plan_, each.observer, &Observer::name);
    if (observer == plan_.end() || !observer->look.until)
      return Error{Errc::bad_message, "a node has an observer that is not here"};
    try {
      ends = observer->look.until(each.seen) || ends;
    } catch (...) {
      fail({}, in_words("the condition of observer \"" + each.observer + "\"", time_));
      ends = true;
    }
  }
  return ends;
}

void Observers::restore(Memory before) {
  seen_before_ = std::move(before.seen);
  stop_is_wanted_ = before.stop_is_wanted;
}

void Observers::add_seen_elsewhere(std::vector<Observation> there) {
  add_observations(seen_, std::move(there));
}

std::vector<Observation> Observers::all_seen() const {
  std::vector<Observation> all = seen_before_;
  all.insert(all.end(), seen_.begin(), seen_.end());
  return all;
}

} // namespace stos::detail
