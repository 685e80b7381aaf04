#pragma once

#include "bench/stos_bench/model.hpp"

#include <algorithm>
#include <utility>

namespace stos::bench {

/// A token on its way to an agent. 16 bytes: four of them fill a cache line.
struct Event {
  std::uint64_t time;
  std::uint32_t agent;
  std::uint32_t token;
};

/// The order of the definition: time, then token.
[[nodiscard]] inline bool is_before(const Event& a, const Event& b) {
  return a.time < b.time || (a.time == b.time && a.token < b.token);
}

/// All that a hand-written simulator keeps for an agent.
struct AgentState {
  RandomStream random;
  std::uint64_t hash;
};

/// A model as the reference engines see it: `handle` turns an arrival into the next one.
/// `lookahead` is the least time in between, `part` divides agents among threads.
template <class T>
concept ReferenceModel = requires(const T model, AgentState& agent, const Event& event) {
  { model.agents() } -> std::same_as<std::uint32_t>;
  { model.lookahead() } -> std::same_as<std::uint64_t>;
  { model.longest_delay() } -> std::same_as<std::uint64_t>;
  { model.part(0u, 1u) } -> std::same_as<std::uint32_t>;
  { model.handle(agent, event) } -> std::same_as<Event>;
};

/// An exponential variable of mean 1 is never longer.
constexpr std::uint64_t longest_service = 45 * second;

/// The arithmetic of the periodic lattice, without a table of neighbours.
class LatticeBase {
public:
  explicit LatticeBase(const Model& model)
      : grid_(grid_of(model)), sites_(model.sites), agents_(agents_of(model)), work_(model.work) {}

  [[nodiscard]] std::uint32_t agents() const { return agents_; }
  [[nodiscard]] std::uint64_t lookahead() const { return second; }
  [[nodiscard]] std::uint64_t longest_delay() const { return 2 * second + longest_service; }
  [[nodiscard]] std::uint32_t part(std::uint32_t agent, std::uint32_t parts) const {
    return static_cast<std::uint32_t>(std::uint64_t{agent} * parts / sites_);
  }

protected:
  void absorb(AgentState& agent, const Event& event) const {
    agent.hash = absorbed(agent.hash, event.time, event.token, work_);
  }

  [[nodiscard]] std::uint32_t neighbour(std::uint32_t site, std::uint32_t direction) const {
    const std::uint32_t nx = grid_.nx, ny = grid_.ny, plane = nx * ny;
    switch (direction) {
      case 0: return site % nx + 1 == nx ? site - (nx - 1) : site + 1;
      case 1: return site % nx == 0 ? site + (nx - 1) : site - 1;
      case 2: return site / nx % ny + 1 == ny ? site - (plane - nx) : site + nx;
      case 3: return site / nx % ny == 0 ? site + (plane - nx) : site - nx;
      case 4: return site + plane >= sites_ ? site + plane - sites_ : site + plane;
      default: return site < plane ? site + sites_ - plane : site - plane;
    }
  }

  Grid grid_;
  std::uint32_t sites_;
  std::uint32_t agents_;
  std::uint32_t work_;
};

template <bool serves>
class LatticeReference : public LatticeBase {
public:
  using LatticeBase::LatticeBase;

  [[nodiscard]] Event handle(AgentState& agent, const Event& event) const {
    absorb(agent, event);
    const std::uint32_t direction = agent.random.below(6);
    std::uint64_t time = event.time + second;
    if constexpr (serves)
      time += exponential_ticks(agent.random());
    return {time, neighbour(event.agent, direction), event.token};
  }
};

/// A lattice with any number of neighbours, which are looked up in a table.
class WideLatticeReference : public LatticeBase {
public:
  explicit WideLatticeReference(const Model& model)
      : LatticeBase(model), channels_(model.channels) {
    for (const Offset& o : offsets_of(model))
      ticks_.push_back(to_ticks(std::sqrt(o.x * o.x + o.y * o.y + o.z * o.z)));
    for (std::uint32_t site = 0; site < sites_; ++site)
      for (const Offset& offset : offsets_of(model))
        neighbours_.push_back(grid_.neighbour(site, offset));
  }

  [[nodiscard]] std::uint64_t longest_delay() const { return 6 * second + longest_service; }

  [[nodiscard]] Event handle(AgentState& agent, const Event& event) const {
    absorb(agent, event);
    const std::uint32_t way = agent.random.below(channels_);
    return {event.time + ticks_[way] + exponential_ticks(agent.random()),
            neighbours_[std::size_t{event.agent} * channels_ + way], event.token};
  }

private:
  std::uint32_t channels_;
  std::vector<std::uint64_t> ticks_;
  std::vector<std::uint32_t> neighbours_;
};

/// What cubes and filaments have in common: some sites have a seventh way, to an extra agent.
class GatewayBase : public LatticeBase {
public:
  explicit GatewayBase(const Model& model)
      : LatticeBase(model), spacing_(to_ticks(model.spacing)), gateway_(gateway_ticks(model)),
        agent_behind_(sites_, none) {
    for (const Gateway& gateway : gateways_of(model))
      agent_behind_[gateway.site] = gateway.agent;
  }

  [[nodiscard]] std::uint64_t lookahead() const { return spacing_; }

protected:
  static constexpr std::uint32_t none = 0xffffffff;

  [[nodiscard]] Event leave_site(const Event& event, std::uint64_t r, std::uint64_t service) const {
    const std::uint32_t behind = agent_behind_[event.agent];
    const std::uint32_t way = below(r, behind == none ? 6 : 7);
    if (way == 6)
      return {event.time + gateway_ + service, behind, event.token};
    return {event.time + second + service, neighbour(event.agent, way), event.token};
  }

  std::uint64_t spacing_;
  std::uint64_t gateway_;

private:
  std::vector<std::uint32_t> agent_behind_;
};

class ClusterReference : public GatewayBase {
public:
  explicit ClusterReference(const Model& model) : GatewayBase(model) {
    for (const Gateway& gateway : gateways_of(model))
      corner_.push_back(gateway.site);
  }

  [[nodiscard]] std::uint32_t part(std::uint32_t agent, std::uint32_t parts) const {
    return LatticeBase::part(agent < sites_ ? agent : corner_[(agent - sites_) & ~7u], parts);
  }

  [[nodiscard]] Event handle(AgentState& agent, const Event& event) const {
    absorb(agent, event);
    const std::uint64_t r = agent.random();
    const std::uint64_t service = exponential_ticks(agent.random());
    if (event.agent < sites_)
      return leave_site(event, r, service);
    const std::uint32_t inner = event.agent - sites_;
    const std::uint64_t short_service = scaled(service, spacing_);
    if ((r & 63) == 0)
      return {event.time + gateway_ + short_service, corner_[inner], event.token};
    return {event.time + spacing_ + short_service, sites_ + (inner ^ (1u << below(r, 3))),
            event.token};
  }

private:
  std::vector<std::uint32_t> corner_;
};

class FilamentReference : public GatewayBase {
public:
  using GatewayBase::GatewayBase;

  [[nodiscard]] std::uint32_t part(std::uint32_t agent, std::uint32_t parts) const {
    if (agent < sites_)
      return LatticeBase::part(agent, parts);
    return static_cast<std::uint32_t>(std::uint64_t{agent - sites_} * parts / (agents_ - sites_));
  }

  [[nodiscard]] Event handle(AgentState& agent, const Event& event) const {
    absorb(agent, event);
    const std::uint64_t r = agent.random();
    const std::uint64_t service = exponential_ticks(agent.random());
    if (event.agent < sites_)
      return leave_site(event, r, service);
    const bool to_the_right = r >> 63 != 0;
    if (event.agent == (to_the_right ? agents_ - 1 : sites_))
      return {event.time + gateway_ + service, to_the_right ? 1u : 0u, event.token};
    return {event.time + spacing_ + service, to_the_right ? event.agent + 1 : event.agent - 1,
            event.token};
  }
};

/// Agents and first arrivals, as they are before the run.
struct ReferenceStart {
  std::vector<AgentState> agents;
  std::vector<Event> events;
};

[[nodiscard]] ReferenceStart reference_start(const Model& model);

[[nodiscard]] std::uint64_t fold_digest(const std::vector<AgentState>& agents);

} // namespace stos::bench
