#pragma once

#include "libstos/agent/agent.hpp"
#include "libstos/model/process.hpp"
#include "libstos/model/store.hpp"

#include <utility>

namespace stos {

/// An agent in which processes wait inline: `class Bank : public ProcessAgent<Bank, MySimulation>`.
/// @code
///   struct Bank : ProcessAgent<Bank, MySimulation> {
///     using ProcessAgent::ProcessAgent;
///     Resource clerks{*this, 2};
///     Process customer() {
///       Lease clerk = co_await clerks.acquire();
///       co_await delay(random().exponential(12));
///     }
///     Process arrivals() {
///       for (;;) {
///         co_await delay(random().exponential(10));
///         spawn(customer());
///       }
///     }
///   };
///   ... (new Bank({0, 0, 0, 0}))->spawn(bank->arrivals()) ...
/// @endcode
/// What other agents send is handed to its processes by deliver(): `bank.send([](Bank& b, Order o)
/// { b.deliver(o); }, order)` lets the process go on that has waited longest in `co_await
/// receive<Order>()`.
///
/// Moves:  never. A coroutine that waits cannot be put into bytes, so an agent with processes stays
///         on its node, and the text of a wish to move it, or of a cut, says so. It must have no
///         `inspect`.
/// Ends:   with the agent its processes end where they wait; what they own is destroyed.
/// Errors: what a process throws and nothing catches fails the run, like in any event.
template <class Derived, class Simulation>
class ProcessAgent : public Agent<Derived, Simulation>, public Processes {
public:
  using Agent<Derived, Simulation>::Agent;

  ~ProcessAgent() override { this->end_all(); }

  static constexpr const char* stays_because =
      "has processes: coroutines that wait cannot be put into bytes";

  /// Starts `process`, in an event of its own at the same time.
  void spawn(Process process) {
    static_assert(!detail::Inspected<Derived>,
                  "stos: an agent with processes has no inspect: coroutines that wait cannot be "
                  "saved, so it cannot move to another node or go on from a cut");
    this->begin(std::move(process));
  }

  /// Lets the process have `message` that waits longest in receive<T>(); else the first that does.
  template <class T>
  void deliver(T message) {
    this->template box<Store<T>>().offer(std::move(message));
  }

  [[nodiscard]] double process_time() const override { return this->local_time(); }

  void wake_after(double delay, ProcessWait wait) override {
    this->after(delay, [wait](Derived& self) { static_cast<ProcessAgent&>(self).resume(wait); });
  }
};

} // namespace stos
