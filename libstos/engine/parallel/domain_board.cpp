#include "libstos/engine/parallel/domain_board.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/engine/parallel/outbox.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stos::detail {
namespace {

// Takes a lock-free stack and turns it round: the oldest first.
template <class Node>
std::unique_ptr<Node> take_all(std::atomic<Node*>& head) {
  if (head.load(std::memory_order_relaxed) == nullptr)
    return nullptr;
  Node* newest = head.exchange(nullptr, std::memory_order_acquire);
  Node* oldest = nullptr;
  while (newest != nullptr) {
    Node* next = newest->next.release();
    newest->next.reset(oldest);
    oldest = newest;
    newest = next;
  }
  return std::unique_ptr<Node>(oldest);
}

template <class Node>
void push_one(std::atomic<Node*>& head, std::unique_ptr<Node> node) {
  Node* raw = node.release();
  Node* seen = head.load(std::memory_order_relaxed);
  do {
    (void)raw->next.release();
    raw->next.reset(seen);
  } while (
      !head.compare_exchange_weak(seen, raw, std::memory_order_release, std::memory_order_relaxed));
}

} // namespace

DomainBoard::DomainBoard(std::size_t domains, std::size_t links,
                         std::function<void(std::size_t)> schedule, Patience patience)
    : domains_(domains), schedule_(std::move(schedule)), patience_(patience) {
  const std::size_t groups = domains + links;
  for (std::size_t i = 0; i < groups; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->needed = std::vector<std::atomic<double>>(groups);
    slots_.back()->taken = std::vector<std::atomic<std::uint64_t>>(groups);
  }
}

DomainBoard::~DomainBoard() {
  for (const auto& slot : slots_) {
    (void)take_all(slot->inbox);
    (void)take_all(slot->tasks);
  }
}

void DomainBoard::start() {
  active_.store(static_cast<std::int64_t>(runners()));
  for (std::size_t i = 0; i < runners(); ++i)
    schedule_(i);
}

// The clock is stored before the state is read, and park() stores the state before it reads the
// clocks: one of the two sees the other.
void DomainBoard::publish(std::size_t domain, double clock) {
  Slot& own = *slots_[domain];
  if (!(clock > own.clock.load(std::memory_order_relaxed)))
    return;
  own.clock.store(clock, std::memory_order_seq_cst);
  for (std::size_t i = 0; i < runners(); ++i)
    if (i != domain && slots_[i]->state.load(std::memory_order_seq_cst) == parked &&
        clock > slots_[i]->needed[domain].load(std::memory_order_relaxed))
      wake(i);
}

// Each value is seen together with the odd version, or with a later one; and `taken` only together
// with the `next` that answers for it.
void DomainBoard::announce(std::size_t domain, double next, const std::vector<std::uint64_t>& taken,
                           double elsewhere) {
  Slot& own = *slots_[domain];
  const std::uint64_t version = own.version.load(std::memory_order_relaxed) | 1;
  own.version.store(version, std::memory_order_relaxed);
  own.standing_next.store(next, std::memory_order_release);
  own.elsewhere.store(elsewhere, std::memory_order_release);
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (own.taken[i].load(std::memory_order_relaxed) != taken[i])
      own.taken[i].store(taken[i], std::memory_order_release);
  own.version.store(version + 1, std::memory_order_release);
  if (next >= own.gateway_waits_for.load(std::memory_order_relaxed)) {
    own.gateway_waits_for.store(Instant::never().absorption, std::memory_order_relaxed);
    if (next < Instant::never().absorption)
      wake(domains_);
  }
}

double DomainBoard::withdraw(std::size_t domain) {
  std::atomic<std::uint64_t>& version = slots_[domain]->version;
  version.store(version.load(std::memory_order_relaxed) | 1);
  return least_time_.load();
}

double DomainBoard::withdraw_links() {
  double highest = lifted();
  for (std::size_t i = domains_; i < size(); ++i)
    highest = std::max(highest, withdraw(i));
  return highest;
}

void DomainBoard::keep_outside_behind(double time) { raise_least_time(time); }

void DomainBoard::raise_least_time(double time) {
  double seen = least_time_.load();
  while (seen < time && !least_time_.compare_exchange_weak(seen, time))
    ;
}

bool DomainBoard::collect(Scope scope, std::vector<std::uint64_t>& versions, double& least) const {
  for (const auto& slot : slots_) {
    versions.push_back(slot->version.load());
    least = std::min(least, slot->standing_next.load());
    if (scope == Scope::everywhere)
      least = std::min(least, slot->elsewhere.load());
    if (versions.back() % 2 != 0)
      return false;
  }
  return true;
}

// Between two equal collects nothing has changed, so that all values have stood at one instant.
// `between` gets what the first one has found.
template <class Between>
double DomainBoard::collect_twice(Scope scope, Between&& between) const {
  constexpr double useless = Instant::beginning().absorption;
  std::vector<std::uint64_t> before;
  std::vector<std::uint64_t> after;
  double least = Instant::never().absorption;
  if (!collect(scope, before, least))
    return useless;
  between(least);
  double again = least;
  return collect(scope, after, again) && before == after ? least : useless;
}

double DomainBoard::least_time_here() const {
  return collect_twice(Scope::here, [](double) {});
}

double DomainBoard::least_time() {
  constexpr double useless = Instant::beginning().absorption;
  // The time is announced in between, for a domain that withdraws: either it sees the time, or its
  // version is odd by the second collect.
  double least = collect_twice(Scope::everywhere, [this](double seen) {
    if (seen != Instant::never().absorption)
      raise_least_time(seen);
  });
  if (least == Instant::never().absorption)
    least = useless;
  if (has_links())
    least = std::max(least, lifted());
  if (least == useless || least == Instant::never().absorption)
    return useless;
  // Once for each time: if that does not help, all have to sleep for the floor to be found.
  double woken = woken_for_.load();
  if (woken < least && woken_for_.compare_exchange_strong(woken, least))
    for (std::size_t i = 0; i < domains_; ++i)
      if (slots_[i]->standing_next.load() <= least && slots_[i]->state.load() == parked)
        wake(i);
  return least;
}

// Those for whom that was the only thing to wait for go on.
void DomainBoard::lift(double time) {
  if (!(time > lifted()))
    return;
  lifted_.store(time);
  for (std::size_t i = 0; i < domains_; ++i) {
    const Slot& slot = *slots_[i];
    const auto is_beyond = [&](const std::atomic<double>& needed) {
      const double wanted = needed.load(std::memory_order_relaxed);
      return std::isnan(wanted) || time > wanted;
    };
    if (slot.state.load() == parked &&
        std::all_of(slot.needed.begin(), slot.needed.end(), is_beyond))
      wake(i);
  }
}

bool DomainBoard::some_domain_sleeps() const {
  return std::any_of(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(domains_),
                     [](const auto& slot) { return slot->state.load() == parked; });
}

bool DomainBoard::no_domain_awake() const {
  return std::all_of(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(domains_),
                     [](const auto& slot) { return slot->state.load() == parked; });
}

Instant DomainBoard::next_of_all() const {
  Instant next = Instant::never();
  for (std::size_t i = 0; i < domains_; ++i)
    next = std::min(next, slots_[i]->next);
  return next;
}

double DomainBoard::wanted_from(std::size_t link) const {
  double wanted = Instant::never().absorption;
  for (std::size_t i = 0; i < domains_; ++i) {
    const double needed = slots_[i]->needed[link].load(std::memory_order_relaxed);
    if (slots_[i]->state.load() == parked && !std::isnan(needed))
      wanted = std::min(wanted, needed);
  }
  return wanted;
}

double DomainBoard::lower_bound() const {
  double least = Instant::never().absorption;
  if (finished())
    return least;
  for (std::size_t i = 0; i < size(); ++i)
    least = std::min(least, clock(i));
  return std::max(least, lifted());
}

std::uint64_t DomainBoard::events() const {
  std::uint64_t sum = 0;
  for (const auto& slot : slots_)
    sum += slot->events.load(std::memory_order_relaxed);
  return sum;
}

void DomainBoard::push(std::size_t domain, std::unique_ptr<Batch> batch) {
  push_one(slots_[domain]->inbox, std::move(batch));
  wake(domain);
}

void DomainBoard::push_quietly(std::size_t link, std::unique_ptr<Batch> batch) {
  push_one(slots_[link]->inbox, std::move(batch));
}

std::unique_ptr<Batch> DomainBoard::take_batches(std::size_t domain) {
  return take_all(slots_[domain]->inbox);
}

// The caller, from outside, first takes part in the activity count. So no thread can find that all
// domains sleep, and move the floor, while the task is on its way.
bool DomainBoard::post(std::size_t domain, std::unique_ptr<OutsideTask>& task) {
  task->domain = domain;
  if (has_links())
    return post_to_gateway(task);
  std::int64_t seen = active_.load();
  do {
    while (seen == 0) {
      if (finished())
        return false;
      seen = active_.load();
    }
  } while (!active_.compare_exchange_weak(seen, seen + 1));
  const bool taken = !finished();
  if (taken) {
    tasks_.fetch_add(1);
    push_one(slots_[domain]->tasks, std::move(task));
    wake(domain);
  }
  if (active_.fetch_sub(1) == 1)
    resolve();
  return taken;
}

// The gateway knows of what waits for it when it settles what comes next. Only for the very end it
// may be too late: then the thread that sees the end first refuses what is left.
bool DomainBoard::post_to_gateway(std::unique_ptr<OutsideTask>& task) {
  if (finished())
    return false;
  tasks_.fetch_add(1);
  push_one(slots_[domains_]->tasks, std::move(task));
  wake_gateway();
  if (finished())
    refuse_tasks();
  return true;
}

void DomainBoard::refuse_tasks() {
  for (auto task = take_tasks_of_all(); task != nullptr; task = std::move(task->next)) {
    task->refuse();
    task_done();
  }
}

std::unique_ptr<OutsideTask> DomainBoard::take_tasks(std::size_t domain) {
  return take_all(slots_[domain]->tasks);
}

void DomainBoard::hand_in(std::unique_ptr<OutsideTask> task) {
  const std::size_t domain = task->domain;
  push_one(slots_[domain]->tasks, std::move(task));
  wake(domain);
}

bool DomainBoard::park(std::size_t domain, const Needs& needs) {
  Slot& own = *slots_[domain];
  own.next = needs.next;
  for (std::size_t i = 0; i < size(); ++i)
    own.needed[i].store(needs.clock[i], std::memory_order_relaxed);
  if (!fall_asleep(domain))
    return false;
  if (active_.fetch_sub(1) == 1)
    resolve();
  return true;
}

bool DomainBoard::park_gateway(double wanted, double standing, bool knows) {
  Slot& own = *slots_[domains_];
  for (std::size_t i = 0; i < domains_; ++i)
    own.needed[i].store(clock(i) > wanted ? Needs::no_matter() : wanted, std::memory_order_relaxed);
  for (std::size_t i = domains_; i < size(); ++i)
    own.needed[i].store(Needs::no_matter(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < domains_; ++i)
    slots_[i]->gateway_waits_for.store(
        slots_[i]->standing_next.load() >= standing ? Instant::never().absorption : standing,
        std::memory_order_relaxed);
  if (!fall_asleep(domains_))
    return false;
  if (active_.fetch_sub(1) == 1 && !knows)
    resolve();
  return true;
}

void DomainBoard::resume(Pause why) {
  const auto bit = static_cast<std::uint8_t>(why);
  if (paused_.fetch_and(static_cast<std::uint8_t>(~bit)) == bit)
    wake_all();
}

void DomainBoard::wake_all() {
  for (std::size_t i = 0; i < domains_; ++i)
    wake(i);
}

bool DomainBoard::stop_and(std::function<void()> act) {
  STOS_ASSERT(!has_links(), "a stop of one node only");
  if (stop_is_under_way_.exchange(true))
    return false;
  at_stop_ = std::move(act);
  pause(Pause::stop);
  return true;
}

// See Rewiring for why it is safe. What has been lifted, and the floor, are below all that is still
// to come, and stay.
void DomainBoard::begin_anew(double least) {
  for (const auto& slot : slots_)
    slot->clock.store(least, std::memory_order_seq_cst);
}

bool DomainBoard::fall_asleep(std::size_t runner) {
  Slot& own = *slots_[runner];
  int expected = running;
  if (!own.state.compare_exchange_strong(expected, parked, std::memory_order_seq_cst)) {
    STOS_ASSERT(expected == running_with_news, "a domain or gateway ran that was not woken");
    own.state.store(running, std::memory_order_seq_cst);
    return false;
  }
  for (std::size_t i = 0; i < size(); ++i)
    if (i != runner && slots_[i]->clock.load(std::memory_order_seq_cst) >
                           own.needed[i].load(std::memory_order_relaxed)) {
      expected = parked;
      if (own.state.compare_exchange_strong(expected, running))
        return false;
      break; // another thread has woken it, and scheduled it
    }
  return true;
}

void DomainBoard::wake(std::size_t domain) {
  const std::size_t runner = std::min(domain, domains_); // the gateway for all links
  std::atomic<int>& state = slots_[runner]->state;
  int seen = state.load();
  for (;;) {
    if (seen == running_with_news)
      return;
    if (seen == running) {
      if (state.compare_exchange_weak(seen, running_with_news))
        return;
    } else if (state.compare_exchange_weak(seen, running)) {
      active_.fetch_add(1);
      wakeups_.fetch_add(1, std::memory_order_relaxed);
      if (runner == domains_)
        gateway_waits_.store(true, std::memory_order_relaxed);
      schedule_(runner);
      return;
    }
  }
}

bool DomainBoard::satisfied(const Slot& slot, double least_clock) const {
  if (slot.next == Instant::never())
    return false;
  for (std::size_t i = 0; i < size(); ++i) {
    const double needed = slot.needed[i].load(std::memory_order_relaxed);
    const double clock = std::max(least_clock, slots_[i]->clock.load(std::memory_order_relaxed));
    if (!std::isnan(needed) && !(clock > needed))
      return false;
  }
  return true;
}

// Runs on the thread of the last domain that parked. No other one is active, so that everything
// the domains have left behind is visible and stays as it is.
void DomainBoard::resolve() {
  if (finished())
    return;
  if (has_links()) {
    wake(domains_);
  } else if (is_paused(Pause::stop)) {
    std::exchange(at_stop_, nullptr)();
    resolve_after([this] {
      stop_is_under_way_ = false;
      resume(Pause::stop);
    });
  } else {
    const Instant next = next_of_all();
    if (next == Instant::never() && when_done_ && when_done_())
      resolve_after([this] { wake_all(); });
    else
      settle(next);
  }
}

// A domain that falls asleep again before all have been woken is not the last one.
template <class WakeAll>
void DomainBoard::resolve_after(WakeAll&& wake_all) {
  active_.fetch_add(1);
  wake_all();
  if (active_.fetch_sub(1) == 1)
    resolve();
}

void DomainBoard::settle(const Instant& next) {
  STOS_ASSERT(next > floor_ || next == Instant::never(), "the floor did not advance");
  floor_ = next;
  const bool finish = next == Instant::never();

  STOS_ASSERT(no_domain_awake(), "the floor moves while a domain is awake");
  std::vector<std::size_t> awake;
  for (std::size_t i = 0; i < domains_; ++i)
    if (finish || slots_[i]->next <= next || satisfied(*slots_[i], next.absorption))
      awake.push_back(i);
  for (const std::size_t i : awake)
    STOS_ASSERT(slots_[i]->state.exchange(running) == parked, "a domain is awake");
  if (!finish)
    lifted_.store(std::max(lifted(), next.absorption));
  finished_.store(finish, std::memory_order_release);
  active_.fetch_add(static_cast<std::int64_t>(awake.size()));
  wakeups_.fetch_add(awake.size(), std::memory_order_relaxed);
  for (const std::size_t i : awake)
    schedule_(i);
}

} // namespace stos::detail
