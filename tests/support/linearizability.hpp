#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stos::test {

/// One operation of a history: what was asked for, what was answered, and when both were seen by
/// the client.
template <class Input, class Output>
struct Operation {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  Input input;
  std::optional<Output> output; ///< nothing: no answer came, so it may have been done at any time
  std::uint64_t called = 0;
  std::uint64_t returned = never;
};

/// Whether a history of one object is linearizable: whether each operation can be given a point
/// between its call and its return, so that one after the other, at these points, they give the
/// answers that were given. An operation without an answer may have any point after its call, or
/// none.
///
/// A Model has a `State` (with ==), `initial()`, and `step(state, input, output)`: the state
/// afterwards, or nothing if that answer cannot be given then; `output` is null where it is not
/// known.
///
/// Limits:  exponential in the number of operations at a time in the worst case; what was tried
/// once
///          is not tried again.
/// Source:  Wing and Gong, "Testing and verifying concurrent objects" (1993); Lowe, "Testing for
///          linearizability" (2017): the set of what was tried, a list that operations are taken
///          out of and put back into.
template <class Model, class Input, class Output>
class LinearizabilityCheck {
public:
  using State = typename Model::State;

  explicit LinearizabilityCheck(const std::vector<Operation<Input, Output>>& history)
      : history_(history), done_((history.size() + 63) / 64) {
    make_list();
  }

  [[nodiscard]] bool holds() {
    State state = Model::initial();
    std::vector<std::pair<std::size_t, State>> taken; // and the states before
    std::size_t at = events_[head].next;
    for (;;) {
      if (at == head)
        return true; // all were taken
      const Event& event = events_[at];
      if (!event.is_return) {
        const Operation<Input, Output>& operation = history_[event.operation];
        std::optional<State> next =
            Model::step(state, operation.input, operation.output ? &*operation.output : nullptr);
        if (next) {
          mark(event.operation, true);
          if (is_new(*next)) {
            taken.emplace_back(event.operation, std::move(state));
            state = *std::move(next);
            take_out(event.operation);
            at = events_[head].next;
            continue;
          }
          mark(event.operation, false);
        }
        at = event.next;
        continue;
      }
      if (!history_[event.operation].output)
        return true; // only those without an answer are left
      // Its operation had to come before, and none of those that could come first will do.
      if (taken.empty())
        return false;
      const std::size_t last = taken.back().first;
      state = std::move(taken.back().second);
      taken.pop_back();
      mark(last, false);
      put_back(last);
      at = events_[call_of(last)].next;
    }
  }

private:
  /// A call or a return, in a list in the order of time.
  struct Event {
    std::size_t operation = 0;
    bool is_return = false;
    std::size_t previous = 0;
    std::size_t next = 0;
  };
  static constexpr std::size_t head = 0;

  [[nodiscard]] static std::size_t call_of(std::size_t operation) { return 2 * operation + 1; }
  [[nodiscard]] static std::size_t return_of(std::size_t operation) { return 2 * operation + 2; }

  void make_list() {
    // What happens at the same time overlaps: calls come first. Returns that never were come last.
    std::vector<std::pair<std::pair<std::uint64_t, bool>, std::size_t>> order;
    events_.resize(2 * history_.size() + 1);
    for (std::size_t i = 0; i < history_.size(); ++i) {
      events_[call_of(i)] = {i, false, 0, 0};
      events_[return_of(i)] = {i, true, 0, 0};
      order.push_back({{history_[i].called, false}, call_of(i)});
      order.push_back(
          {{history_[i].output ? history_[i].returned : Operation<Input, Output>::never, true},
           return_of(i)});
    }
    std::sort(order.begin(), order.end());
    std::size_t last = head;
    for (const auto& [when, event] : order) {
      events_[last].next = event;
      events_[event].previous = last;
      last = event;
    }
    events_[last].next = head;
    events_[head].previous = last;
  }

  void take_out(std::size_t operation) {
    for (const std::size_t at : {call_of(operation), return_of(operation)}) {
      events_[events_[at].previous].next = events_[at].next;
      events_[events_[at].next].previous = events_[at].previous;
    }
  }
  void put_back(std::size_t operation) {
    for (const std::size_t at : {return_of(operation), call_of(operation)}) {
      events_[events_[at].previous].next = at;
      events_[events_[at].next].previous = at;
    }
  }

  void mark(std::size_t operation, bool is_done) {
    const std::uint64_t bit = std::uint64_t{1} << operation % 64;
    done_[operation / 64] = is_done ? done_[operation / 64] | bit : done_[operation / 64] & ~bit;
  }

  /// False if the same operations have led to the same state before.
  [[nodiscard]] bool is_new(const State& state) {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : done_)
      hash = (hash ^ word) * 0x9e3779b97f4a7c15u + (hash >> 29);
    std::vector<std::pair<std::vector<std::uint64_t>, State>>& known = tried_[hash];
    for (const auto& [done, state_then] : known)
      if (done == done_ && state_then == state)
        return false;
    known.emplace_back(done_, state);
    return true;
  }

  const std::vector<Operation<Input, Output>>& history_;
  std::vector<Event> events_;
  std::vector<std::uint64_t> done_; // a bit for each operation
  std::unordered_map<std::uint64_t, std::vector<std::pair<std::vector<std::uint64_t>, State>>>
      tried_;
};

template <class Model, class Input, class Output>
[[nodiscard]] bool is_linearizable(const std::vector<Operation<Input, Output>>& history) {
  return LinearizabilityCheck<Model, Input, Output>(history).holds();
}

} // namespace stos::test
