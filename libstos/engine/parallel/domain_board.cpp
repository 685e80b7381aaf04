#include "libstos/engine/parallel/domain_board.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/engine/parallel/outbox.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stos::detail {

DomainBoard::DomainBoard(std::size_t domains, std::size_t links, Runners::Schedule schedule,
                         Patience patience)
    : domains_(domains), runners_(domains + (links > 0 ? 1 : 0),
                                  [this, schedule = std::move(schedule)](RunnerIndex runner) {
                                    if (runner == gateway())
                                      gateway_waits_.store(true, std::memory_order_relaxed);
                                    schedule(runner);
                                  }),
      standings_(domains, links), loads_(domains), patience_(patience) {
  const std::size_t groups = domains + links;
  for (std::size_t i = 0; i < groups; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->needed = PerGroup<std::atomic<double>>(groups);
  }
}

DomainBoard::~DomainBoard() = default;

// The clock is stored before the state is read, and park() stores the state before it reads the
// clocks: one of the two sees the other.
void DomainBoard::publish(Group group, double clock) {
  Slot& own = *slots_[group];
  if (!(clock > own.clock.load(std::memory_order_relaxed)))
    return;
  own.clock.store(clock, std::memory_order_seq_cst);
  for (const RunnerIndex i : runners_.all())
    if (slot_of(i) != group && runners_.is_parked(i) &&
        clock > slots_[slot_of(i)]->needed[group].load(std::memory_order_relaxed))
      runners_.wake(i);
}

double DomainBoard::withdraw_links() {
  double highest = lifted();
  for (const Group i : links())
    highest = std::max(highest, standings_.withdraw(i));
  return highest;
}

double DomainBoard::least_time() {
  constexpr double useless = Instant::beginning().absorption;
  double least = standings_.least_everywhere();
  if (least == Instant::never().absorption)
    least = useless;
  if (has_links())
    least = std::max(least, lifted());
  if (least == useless || least == Instant::never().absorption)
    return useless;
  // Once for each time: if that does not help, all have to sleep for the floor to be found.
  double woken = woken_for_.load();
  if (woken < least && woken_for_.compare_exchange_strong(woken, least))
    for (const DomainIndex i : domains())
      if (standings_.next_of(i) <= least && runners_.is_parked(i))
        wake(i);
  return least;
}

// Those for whom that was the only thing to wait for go on.
void DomainBoard::lift(double time) {
  if (!(time > lifted()))
    return;
  lifted_.store(time);
  for (const DomainIndex i : domains()) {
    const Slot& slot = *slots_[i];
    const auto is_beyond = [&](const std::atomic<double>& needed) {
      const double wanted = needed.load(std::memory_order_relaxed);
      return std::isnan(wanted) || time > wanted;
    };
    if (runners_.is_parked(i) && std::all_of(slot.needed.begin(), slot.needed.end(), is_beyond))
      wake(i);
  }
}

bool DomainBoard::some_domain_sleeps() const {
  for (const DomainIndex i : domains())
    if (runners_.is_parked(i))
      return true;
  return false;
}

bool DomainBoard::no_domain_awake() const {
  for (const DomainIndex i : domains())
    if (!runners_.is_parked(i))
      return false;
  return true;
}

Instant DomainBoard::next_of_all() const {
  Instant next = Instant::never();
  for (const DomainIndex i : domains())
    next = std::min(next, slots_[i]->next);
  return next;
}

double DomainBoard::wanted_from(Group link) const {
  double wanted = Instant::never().absorption;
  for (const DomainIndex i : domains()) {
    const double needed = slots_[i]->needed[link].load(std::memory_order_relaxed);
    if (runners_.is_parked(i) && !std::isnan(needed))
      wanted = std::min(wanted, needed);
  }
  return wanted;
}

double DomainBoard::lower_bound() const {
  double least = Instant::never().absorption;
  if (finished())
    return least;
  for (const Group i : all())
    least = std::min(least, clock(i));
  return std::max(least, lifted());
}

void DomainBoard::push(Group to, std::unique_ptr<Batch> batch) {
  slots_[to]->inbox.push(std::move(batch));
  wake(to);
}

void DomainBoard::push_quietly(Group link, std::unique_ptr<Batch> batch) {
  slots_[link]->inbox.push(std::move(batch));
}

std::unique_ptr<Batch> DomainBoard::take_batches(Group group) {
  return slots_[group]->inbox.take_all();
}

// The caller, from outside, first takes part in the activity count. So no thread can find that all
// domains sleep, and move the floor, while the task is on its way.
bool DomainBoard::post(DomainIndex domain, std::unique_ptr<OutsideTask>& task) {
  task->domain = domain;
  if (has_links())
    return post_to_gateway(task);
  while (!runners_.hold_if_active())
    if (finished())
      return false;
  const bool taken = !finished();
  if (taken) {
    tasks_.fetch_add(1);
    slots_[domain]->tasks.push(std::move(task));
    wake(domain);
  }
  if (runners_.let_go())
    resolve();
  return taken;
}

// The gateway knows of what waits for it when it settles what comes next. Only for the very end it
// may be too late: then the thread that sees the end first refuses what is left.
bool DomainBoard::post_to_gateway(std::unique_ptr<OutsideTask>& task) {
  if (finished())
    return false;
  tasks_.fetch_add(1);
  gateways_slot().tasks.push(std::move(task));
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

std::unique_ptr<OutsideTask> DomainBoard::take_tasks(DomainIndex domain) {
  return slots_[domain]->tasks.take_all();
}

void DomainBoard::hand_in(std::unique_ptr<OutsideTask> task) {
  const DomainIndex domain = task->domain;
  slots_[domain]->tasks.push(std::move(task));
  wake(domain);
}

bool DomainBoard::park(DomainIndex domain, const Needs& needs) {
  Slot& own = *slots_[domain];
  own.next = needs.next;
  for (const Group i : all())
    own.needed[i].store(needs.clock[i], std::memory_order_relaxed);
  if (!fall_asleep(domain))
    return false;
  if (runners_.let_go())
    resolve();
  return true;
}

bool DomainBoard::park_gateway(double wanted, double standing, bool knows) {
  Slot& own = gateways_slot();
  for (const DomainIndex i : domains())
    own.needed[i].store(clock(i) > wanted ? Needs::no_matter() : wanted, std::memory_order_relaxed);
  for (const Group i : links())
    own.needed[i].store(Needs::no_matter(), std::memory_order_relaxed);
  standings_.gateway_waits_for(standing);
  if (!fall_asleep(gateway()))
    return false;
  if (runners_.let_go() && !knows)
    resolve();
  return true;
}

void DomainBoard::wake_all() {
  for (const DomainIndex i : domains())
    wake(i);
}

// See Rewiring for why it is safe. What has been lifted, and the floor, are below all that is still
// to come, and stay.
void DomainBoard::begin_anew(double least) {
  for (const auto& slot : slots_)
    slot->clock.store(least, std::memory_order_seq_cst);
}

// Of a clock that was published meanwhile, either its domain has seen that this one is parked, or
// it is seen here.
bool DomainBoard::fall_asleep(RunnerIndex runner) {
  if (!runners_.fall_asleep(runner))
    return false;
  const Slot& own = *slots_[slot_of(runner)];
  for (const Group i : all())
    if (i != slot_of(runner) && slots_[i]->clock.load(std::memory_order_seq_cst) >
                                    own.needed[i].load(std::memory_order_relaxed))
      return !runners_.get_up(runner); // else another thread has woken it, and scheduled it
  return true;
}

bool DomainBoard::satisfied(const Slot& slot, double least_clock) const {
  if (slot.next == Instant::never())
    return false;
  for (const Group i : all()) {
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
    wake_gateway();
    return;
  }
  const Instant next = next_of_all();
  if ((next == Instant::never() || is_paused(Pause::stop)) && all_stand_still_(next))
    look_anew();
  else
    settle(next);
}

// A domain that falls asleep again before all have been woken is not the last one.
void DomainBoard::look_anew() {
  runners_.hold();
  wake_all();
  if (runners_.let_go())
    resolve();
}

void DomainBoard::settle(const Instant& next) {
  STOS_ASSERT(next > floor_ || next == Instant::never(), "the floor did not advance");
  floor_ = next;
  const bool finish = next == Instant::never();

  STOS_ASSERT(no_domain_awake(), "the floor moves while a domain is awake");
  std::vector<RunnerIndex> awake;
  for (const DomainIndex i : domains())
    if (finish || slots_[i]->next <= next || satisfied(*slots_[i], next.absorption))
      awake.push_back(i);
  if (!finish)
    lifted_.store(std::max(lifted(), next.absorption));
  finished_.store(finish, std::memory_order_release);
  runners_.wake_all(awake);
}

} // namespace stos::detail
