#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"
#include "libstos/spacetime/minkowski.hpp"
#include "libstos/world/observed.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos {

class AgentBase;
struct WorldAtStop;

/// When an observer looks, and what for; see ForwardSimulation::observe().
struct Look {
  double every = 1;       ///< laboratory time from one look to the next, above 0
  double first = 0;       ///< of the first one
  bool quantiles = false; ///< so that Observed::quantile() can be asked

  /// Bounds of a histogram, at most 100, each above the one before: see Observed::bins().
  std::vector<double> bins = {};

  /// The run ends at the first look for which this says true of what all agents together show. A
  /// pure function: each node calls it.
  std::function<bool(const Observed&)> until = {};
};

namespace detail {

/// Those who look at the agents of a world at given laboratory times, and what they have seen.
///
/// They look while the world stands still: everything before that time has happened, and nothing
/// else. So what all nodes have seen together is the same on every engine. Some looks *decide*
/// whether the run ends there: those of observers with a condition, and those at which agents that
/// have asked for the end are heard (stop_every()). Then all nodes tell each other what they have
/// seen before any of them goes on.
///
/// Threads: ask_to_stop() from any; all else during set-up, or from the thread that has the world
///          when it stands still.
class Observers {
public:
  /// Adds what an agent at that point of spacetime shows to what was seen; adds nothing if the
  /// agent is of no interest.
  using Show = std::function<void(const AgentBase&, const Point&, Observed&)>;

  static constexpr std::size_t observers_max = 100;

  /// Throws UsageError (bad_argument) for an empty name, one that is there already, a time that
  /// makes no sense, and too many observers.
  void add(std::string name, Look look, Show show);

  /// At multiples of `period`, agents that have asked for the end of the run are heard.
  void stop_every(double period);

  /// The same observers in a world that goes on, or begins, elsewhere.
  void take_plan(const Observers& other);

  [[nodiscard]] bool empty() const { return plan_.empty() && stop_period_ == 0; }

  /// For nodes to compare: who looks, and when.
  [[nodiscard]] std::string to_string() const;

  /// The next look after `time`, if there is one before `end`, or there.
  [[nodiscard]] double next_after(double time, double end) const;

  /// An agent wants the run to end, at the next look that decides about that. Throws UsageError
  /// (not_supported) if there is none.
  void ask_to_stop();

  /// All whose time it is look at the agents of this node. `end` is that of the run, where all look
  /// but none decides. True: all nodes have to hear what was seen(), to conclude().
  [[nodiscard]] bool look(const WorldAtStop& world, double end);

  /// At the last look, for the others; of any bytes they can tell whether they are such.
  [[nodiscard]] std::vector<std::byte> seen() const;

  /// Whether the run ends here. Fails if what another node has seen cannot be read.
  [[nodiscard]] Result<bool> conclude(std::span<const std::vector<std::byte>> of_all_nodes);

  /// What is to be known of it where the run goes on from a cut.
  struct Memory {
    std::vector<Observation> seen;
    bool stop_is_wanted = false;
  };
  /// Of this node, during this run.
  [[nodiscard]] Memory memory() const { return {seen_, stop_is_wanted_.load()}; }
  /// Of all nodes before that; empty for a run that begins with its set-up.
  [[nodiscard]] const std::vector<Observation>& seen_before() const { return seen_before_; }
  void restore(Memory before);

  /// What other nodes have seen during this run.
  void add_seen_elsewhere(std::vector<Observation> there);

  /// Before this run and in it.
  [[nodiscard]] std::vector<Observation> all_seen() const;

  /// The run fails when there are more observations than that on this node.
  void keep_at_most(std::uint64_t observations) { most_ = observations; }

  /// An agent that could not be looked at, or a condition that failed, and when; the run has ended
  /// there.
  struct Failure {
    double time;
    AgentId agent;
    Error error;
  };
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

  /// Is told what was seen on this node after each look; may be empty.
  std::function<void(std::span<const Observation>)> after_look;

private:
  struct Observer {
    std::string name;
    Look look;
    Show show;

    [[nodiscard]] bool is_due(double time) const;
  };

  [[nodiscard]] bool hears_of_stop(double time) const;
  void look_at(const WorldAtStop& world, const std::vector<std::size_t>& due);
  void fail(AgentId agent, Error error);

  std::vector<Observer> plan_;
  double stop_period_ = 0; // 0: agents cannot ask for the end
  std::atomic<bool> stop_is_wanted_{false};
  double time_ = 0;              // of the last look,
  std::vector<Observation> now_; // and what those who decide have seen then
  std::vector<Observation> seen_;
  std::vector<Observation> seen_before_;
  std::optional<Failure> failure_;
  std::uint64_t most_ = std::numeric_limits<std::uint64_t>::max();
};

} // namespace detail
} // namespace stos
