#pragma once

#include "libstos/agent/execution.hpp"

#include <functional>
#include <map>
#include <set>
#include <tuple>

namespace stos {

/// What an engine reports while it runs; called from time to time on the thread that runs.
using ProgressCallback = std::function<void(double laboratory_time, std::uint64_t events)>;

namespace detail {

/// Runs a world on the calling thread: always the event with the least key of all agents.
///
/// This is the oracle that every other engine is compared with. It knows nothing of horizons:
/// since no effect is earlier than its cause, the least key of all can never be preceded by
/// anything that is still to come.
class SerialEngine {
public:
  explicit SerialEngine(World& world, ProgressCallback progress = {},
                        AgentBindings* bindings = nullptr);
  ~SerialEngine();

  /// Runs to the boundary; all agents are deleted then.
  void run();

  [[nodiscard]] Execution& execution() { return execution_; }

private:
  using Entry = std::tuple<EventKey, AgentId, Cell*>;

  static EventKey next_key(const Cell& cell);
  void schedule(Cell& cell);
  void unschedule(Cell& cell);
  void step(Cell& cell);
  void apply(Effects effects, Cell* self);
  void send(Closure& lambda);
  void end(Cell& cell, double time, CellState how);
  void finish(Cell& cell);
  void close(Channel& channel);
  void bury(Cell& cell);
  void show();

  Execution execution_;
  ProgressCallback progress_;
  std::set<Entry> agenda_;
  std::map<AgentId, Cell*> living_;
  std::set<Cell*> ended_; // somebody still has a channel to them
};

} // namespace detail
} // namespace stos
