#pragma once

#include "bench/stos_bench/reference.hpp"
#include "bench/stos_bench/reference_heap.hpp"
#include "bench/stos_bench/reference_threads.hpp"
#include "bench/stos_bench/stopwatch.hpp"

namespace stos::bench {

/// Windows [M, M + L), where M is the earliest event of all and L the lookahead of the model; a
/// heap and a share of the agents for each thread, one barrier for each window.
///
/// Source: YAWNS (Nicol, "The Cost of Conservative Synchronization in Parallel Discrete Event
/// Simulations", JACM 1993).
template <ReferenceModel M>
class YawnsEngine {
public:
  YawnsEngine(const M& model, ReferenceStart start, std::uint64_t end, std::uint32_t threads)
      : model_(model), agents_(std::move(start.agents)), end_(end), threads_(threads),
        part_(agents_.size()), shares_(threads), outboxes_(std::size_t{2} * threads * threads),
        promises_(std::size_t{2} * threads), barrier_(threads) {
    for (std::uint32_t i = 0; i < part_.size(); ++i)
      part_[i] = static_cast<std::uint8_t>(model.part(i, threads));
    for (const Event& event : start.events)
      shares_[part_[event.agent]].heap.push(event);
  }

  [[nodiscard]] ReferenceRun run() {
    const Stopwatch stopwatch;
    run_on_threads(threads_, [this](std::uint32_t me) { work(me); });
    ReferenceRun run;
    run.wall_time_s = stopwatch.seconds();
    for (const Share& share : shares_)
      run.hops += share.hops;
    run.digest = fold_digest(agents_);
    return run;
  }

private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  struct alignas(64) Share {
    EventHeap heap;
    std::uint64_t hops = 0;
  };
  struct alignas(64) Outbox {
    std::vector<Event> events;
  };
  struct alignas(64) Promise {
    std::atomic<std::uint64_t> earliest{0};
  };

  // Outboxes and promises exist twice: while one set is read, the other is written.
  [[nodiscard]] Outbox& outbox(std::uint32_t turn, std::uint32_t from, std::uint32_t to) {
    return outboxes_[(turn * threads_ + from) * threads_ + to];
  }

  void work(std::uint32_t me) {
    Share& mine = shares_[me];
    std::uint64_t earliest = mine.heap.top().time;
    for (std::uint32_t turn = 0;; turn ^= 1) {
      promises_[turn * threads_ + me].earliest.store(earliest, std::memory_order_release);
      barrier_.wait();
      std::uint64_t begin = never;
      for (std::uint32_t i = 0; i < threads_; ++i)
        begin = std::min(begin,
                         promises_[turn * threads_ + i].earliest.load(std::memory_order_acquire));
      if (begin >= end_)
        return;
      receive(me, turn);
      const std::uint64_t sent = execute(me, turn ^ 1, std::min(begin + model_.lookahead(), end_));
      earliest = std::min(sent, mine.heap.top().time);
    }
  }

  void receive(std::uint32_t me, std::uint32_t turn) {
    for (std::uint32_t from = 0; from < threads_; ++from) {
      std::vector<Event>& events = outbox(turn, from, me).events;
      for (const Event& event : events)
        shares_[me].heap.push(event);
      events.clear();
    }
  }

  // Returns the earliest of what was sent to others.
  [[nodiscard]] std::uint64_t execute(std::uint32_t me, std::uint32_t turn,
                                      std::uint64_t window_end) {
    EventHeap& heap = shares_[me].heap;
    std::uint64_t earliest_sent = never, hops = 0;
    while (heap.top().time < window_end) {
      const Event event = heap.top();
      const Event next = model_.handle(agents_[event.agent], event);
      ++hops;
      const std::uint32_t to = part_[next.agent];
      if (to == me) {
        heap.replace_top(next);
        continue;
      }
      heap.pop();
      outbox(turn, me, to).events.push_back(next);
      earliest_sent = std::min(earliest_sent, next.time);
    }
    shares_[me].hops += hops;
    return earliest_sent;
  }

  const M& model_;
  std::vector<AgentState> agents_;
  std::uint64_t end_;
  std::uint32_t threads_;
  std::vector<std::uint8_t> part_;
  std::vector<Share> shares_;
  std::vector<Outbox> outboxes_;
  std::vector<Promise> promises_;
  SpinBarrier barrier_;
};

} // namespace stos::bench
