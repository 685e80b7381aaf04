#pragma once

#include "libstos/engine/event_list.hpp"
#include "libstos/engine/execution.hpp"

#include <functional>
#include <vector>

namespace stos {

/// What an engine reports while it runs; called from time to time on the thread that runs.
using ProgressCallback = std::function<void(double laboratory_time, std::uint64_t events)>;

namespace detail {

/// Runs a world on the calling thread: always the event with the least instant of all agents.
///
/// This is the oracle that every other engine is compared with. It knows nothing of horizons:
/// since each effect is later than its cause, the least instant of all can never be preceded by
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
  void begin();
  void resume(const Resumption& world);
  void resume(Cell& cell);
  void run_to_horizon();
  void stop();
  void step(Cell& cell);
  void apply(const Effects& effects, Cell* self);
  void start(Cell& cell);
  void deliver(Closure& lambda);
  void lose(Closure& lambda, CellState how);
  void end(Cell& cell, double time, CellState how);
  void end_all();
  void end_with_run(Cell& cell);
  void close(Channel& channel);
  void add_to_ended(Cell& cell);
  void bury(Cell& cell);
  [[nodiscard]] std::vector<Cell*> living() const;
  void show();

  Execution execution_;
  ProgressCallback progress_;
  EventList agenda_;         // all living agents
  std::vector<Cell*> ended_; // an open channel leads to them; by their slots
};

} // namespace detail
} // namespace stos
