#include "config/interruption.hpp"

#include <array>
#include <csignal>
#include <limits>
#include <mutex>

namespace stos::detail {
namespace {

constexpr std::array<int, 2> signals = {SIGINT, SIGTERM};
constexpr double before_everything = -std::numeric_limits<double>::infinity();

std::mutex mutex;
bool is_allowed = false;
std::size_t watches = 0;
std::array<std::atomic<bool>, signals.size()> is_taken; // by us, from the default

} // namespace

void Interruption::allow() {
  const std::lock_guard lock(mutex);
  is_allowed = true;
}

void Interruption::end_instead_of_drain() {
  if (wants_to_drain_.exchange(false))
    note(SIGTERM);
}

void Interruption::note(int signal) {
  if (signal == SIGTERM && drains_.exchange(false)) {
    wants_to_drain_.store(true);
    return;
  }
  noting_.fetch_add(1);
  for (std::size_t i = 0; i < signals.size(); ++i)
    if (is_taken[i].exchange(false))
      std::signal(signals[i], SIG_DFL);
  signal_.store(signal);
  for (std::atomic<const Watched*>& watched : watched_)
    if (const Watched* run = watched.load())
      run->end();
  noting_.fetch_sub(1);
}

void Interruption::Watched::end() const {
  if (wants_stop != nullptr)
    wants_stop->store(true);
  else
    end_time->store(before_everything);
}

Interruption::Watch::Watch(std::atomic<double>& end_time, std::atomic<bool>* wants_stop)
    : own_{&end_time, wants_stop} {
  const std::lock_guard lock(mutex);
  if (!is_allowed)
    return;
  counts_ = true;
  for (std::atomic<const Watched*>& watched : watched_) {
    const Watched* none = nullptr;
    if (watched.compare_exchange_strong(none, &own_))
      break;
  }
  if (watches++ == 0 && signal() == 0)
    for (std::size_t i = 0; i < signals.size(); ++i) {
      struct sigaction action {};
      is_taken[i] = sigaction(signals[i], nullptr, &action) == 0 &&
                    (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
      action = {};
      action.sa_handler = note;
      action.sa_flags = SA_RESTART;
      if (is_taken[i])
        sigaction(signals[i], &action, nullptr);
    }
  if (signal() != 0)
    own_.end();
}

Interruption::Watch::~Watch() {
  const std::lock_guard lock(mutex);
  for (std::atomic<const Watched*>& watched : watched_) {
    const Watched* own = &own_;
    watched.compare_exchange_strong(own, nullptr);
  }
  while (noting_.load() != 0) { // another thread has been interrupted, and may have seen it
  }
  if (!counts_ || --watches != 0)
    return;
  for (std::size_t i = 0; i < signals.size(); ++i)
    if (is_taken[i].exchange(false))
      std::signal(signals[i], SIG_DFL);
}

} // namespace stos::detail
