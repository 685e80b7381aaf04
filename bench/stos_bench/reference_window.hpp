#pragma once

#include "bench/stos_bench/reference.hpp"
#include "bench/stos_bench/reference_models.hpp"
#include "bench/stos_bench/reference_threads.hpp"
#include "bench/stos_bench/stopwatch.hpp"
#include "libstos/base/usage_error.hpp"

#include <array>
#include <bit>
#include <memory>

namespace stos::bench {

/// Events on their way to one block of agents within one window: a list of pages.
struct EventPage {
  EventPage* next;
  std::uint32_t size;
  std::array<Event, 63> events;
};

/// One thread's pages. A page may end in the pool of another thread than it came from.
class alignas(128) PagePool {
public:
  EventPage* take() {
    if (free_ == nullptr)
      grow();
    EventPage* page = free_;
    free_ = page->next;
    page->size = 0;
    return page;
  }

  void give_back(EventPage* page) {
    page->next = free_;
    free_ = page;
  }

private:
  void grow() {
    constexpr std::size_t pages = 256;
    owned_.emplace_back(new EventPage[pages]); // uninitialised, unlike make_unique
    for (std::size_t i = 0; i < pages; ++i)
      give_back(&owned_.back()[i]);
  }

  EventPage* free_ = nullptr;
  std::vector<std::unique_ptr<EventPage[]>> owned_;
};

/// Windows [k L, (k + 1) L) of a static width L, the lookahead: what happens in one of them has no
/// effect within it. Agents are in blocks; an event is filed under its window and block when it is
/// sent. A window's events of a block are sorted by agent by counting, then by insertion.
///
/// It has no priority queue at all: a bound for what can be had when all distances are alike.
template <ReferenceModel M>
class WindowEngine {
public:
  WindowEngine(const M& model, ReferenceStart start, std::uint64_t end, std::uint32_t threads)
      : model_(model), agents_(std::move(start.agents)), end_(end), width_(model.lookahead()),
        threads_(threads), blocks_((model.agents() + block_size - 1) / block_size),
        ring_(std::bit_ceil(model.longest_delay() / width_ + 2)),
        mailboxes_(std::size_t{threads} * ring_ * blocks_), pools_(threads), barrier_(threads) {
    if (ring_ > std::size_t{1} << 17)
      throw UsageError(Errc::not_supported, "the windows of this model are too short");
    for (const Event& event : start.events)
      file(owner(event.agent / block_size), event);
  }

  [[nodiscard]] ReferenceRun run() {
    std::vector<Counter> hops(threads_);
    const Stopwatch stopwatch;
    run_on_threads(threads_, [&](std::uint32_t me) { hops[me].value = work(me); });
    ReferenceRun run;
    run.wall_time_s = stopwatch.seconds();
    for (const Counter& counter : hops)
      run.hops += counter.value;
    run.digest = fold_digest(agents_);
    return run;
  }

private:
  static constexpr std::uint32_t block_size = 1024;

  struct alignas(64) Counter {
    std::uint64_t value = 0;
  };

  // The events of one block and window, by agent: agent i's end at ends[i].
  struct Sorted {
    std::array<std::uint32_t, block_size + 1> ends;
    std::vector<Event> events;
  };

  [[nodiscard]] std::uint32_t owner(std::uint32_t block) const {
    return static_cast<std::uint32_t>(std::uint64_t{block} * threads_ / blocks_);
  }

  [[nodiscard]] std::uint64_t window_of(std::uint64_t time) const {
    return std::has_single_bit(width_) ? time >> std::countr_zero(width_) : time / width_;
  }

  [[nodiscard]] EventPage*& mailbox(std::uint32_t from, std::uint64_t window, std::uint32_t block) {
    return mailboxes_[(from * ring_ + (window & (ring_ - 1))) * blocks_ + block];
  }

  void file(std::uint32_t me, const Event& event) {
    EventPage*& head = mailbox(me, window_of(event.time), event.agent / block_size);
    if (head == nullptr || head->size == head->events.size()) {
      EventPage* page = pools_[me].take();
      page->next = head;
      head = page;
    }
    head->events[head->size++] = event;
  }

  [[nodiscard]] std::uint64_t work(std::uint32_t me) {
    Sorted sorted;
    std::uint64_t hops = 0;
    for (std::uint64_t window = 0; window * width_ < end_; ++window) {
      for (std::uint32_t block = 0; block < blocks_; ++block)
        if (owner(block) == me && sort(me, window, block, sorted))
          hops += execute(me, block, sorted);
      barrier_.wait();
    }
    return hops;
  }

  // Counts, then moves each event to its agent's place. False when there is nothing.
  bool sort(std::uint32_t me, std::uint64_t window, std::uint32_t block, Sorted& sorted) {
    std::size_t size = 0;
    for (std::uint32_t from = 0; from < threads_; ++from)
      for (EventPage* page = mailbox(from, window, block); page != nullptr; page = page->next)
        size += page->size;
    if (size == 0)
      return false;
    const std::uint32_t first = block * block_size;
    sorted.ends.fill(0);
    if (sorted.events.size() < size)
      sorted.events.resize(2 * size);
    for (std::uint32_t from = 0; from < threads_; ++from)
      for (EventPage* page = mailbox(from, window, block); page != nullptr; page = page->next)
        for (std::uint32_t i = 0; i < page->size; ++i)
          ++sorted.ends[page->events[i].agent - first + 1];
    for (std::uint32_t i = 0; i < block_size; ++i)
      sorted.ends[i + 1] += sorted.ends[i];
    for (std::uint32_t from = 0; from < threads_; ++from) {
      EventPage* page = std::exchange(mailbox(from, window, block), nullptr);
      while (page != nullptr) {
        for (std::uint32_t i = 0; i < page->size; ++i)
          sorted.events[sorted.ends[page->events[i].agent - first]++] = page->events[i];
        EventPage* next = page->next;
        pools_[me].give_back(page);
        page = next;
      }
    }
    return true;
  }

  [[nodiscard]] std::uint64_t execute(std::uint32_t me, std::uint32_t block, Sorted& sorted) {
    std::uint64_t hops = 0;
    Event* events = sorted.events.data();
    std::size_t begin = 0;
    for (std::uint32_t i = 0; i < block_size; ++i) {
      const std::size_t end = sorted.ends[i];
      if (begin == end)
        continue;
      sort_few(events + begin, events + end);
      AgentState& agent = agents_[block * block_size + i];
      for (; begin < end; ++begin) {
        if (events[begin].time >= end_)
          continue;
        file(me, model_.handle(agent, events[begin]));
        ++hops;
      }
    }
    return hops;
  }

  static void sort_few(Event* begin, Event* end) {
    for (Event* next = begin + 1; next < end; ++next) {
      const Event event = *next;
      Event* hole = next;
      for (; hole > begin && is_before(event, hole[-1]); --hole)
        *hole = hole[-1];
      *hole = event;
    }
  }

  const M& model_;
  std::vector<AgentState> agents_;
  std::uint64_t end_;
  std::uint64_t width_;
  std::uint32_t threads_;
  std::uint32_t blocks_;
  std::size_t ring_; ///< windows that an event may lie ahead, a power of two
  std::vector<EventPage*> mailboxes_;
  std::vector<PagePool> pools_;
  SpinBarrier barrier_;
};

} // namespace stos::bench
