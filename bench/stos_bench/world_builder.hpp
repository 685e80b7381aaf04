#pragma once

#include "bench/stos_bench/walker.hpp"

namespace stos::bench {

/// Creates the agents of a model in the simulation whose set-up scope the caller is in.
template <class Rules>
class WorldBuilder {
public:
  WorldBuilder(const Model& model, Logbook& logbook)
      : model_(model), logbook_(logbook), grid_(grid_of(model)), gateways_(gateways_of(model)) {}

  void build() {
    BenchSimulation::space(Space::torus(grid_.nx, grid_.ny, grid_.nz));
    create();
    connect_lattice();
    if (model_.kind == ModelKind::cluster)
      connect_cubes();
    if (model_.kind == ModelKind::filament)
      connect_filament();
    for (std::uint32_t i = 0; i < walkers_.size(); ++i)
      if (model_.kind != ModelKind::crowd || i == 0)
        walkers_[i]->begin(model_.tokens);
  }

private:
  using Place = std::array<double, 3>;

  void create() {
    std::vector<Role> roles(agents_of(model_), Role::site);
    for (const Gateway& gateway : gateways_)
      roles[gateway.site] = Role::gateway;
    for (std::uint32_t i = model_.sites; i < roles.size(); ++i)
      roles[i] = Role::extra;
    if (model_.kind == ModelKind::crowd)
      roles[1] = Role::gateway; // the one that plays back
    logbook_.records.resize(roles.size());
    for (std::uint32_t i = 0; i < roles.size(); ++i) {
      const auto [x, y, z] = i < model_.sites ? grid_.place(i) : place_of_extra(i - model_.sites);
      walkers_.push_back(
          new Walker<Rules>({0, x, y, z}, i, stream_of(model_.seed, i), roles[i], logbook_));
    }
  }

  [[nodiscard]] Place place_of_extra(std::uint32_t i) const {
    const double d = static_cast<double>(to_ticks(model_.spacing)) * tick_s;
    if (model_.kind == ModelKind::filament)
      return {0.5 + (i - (model_.extra - 1) * 0.5) * d, 0.5, 0};
    const Place base = grid_.place(gateways_[i & ~7u].site);
    const auto corner = [&](unsigned bit) { return 0.5 + ((i >> bit & 1) != 0 ? d / 2 : -d / 2); };
    return {base[0] + corner(0), base[1] + corner(1), base[2] + corner(2)};
  }

  // A lattice of two agents has no other neighbours.
  void connect_lattice() {
    const std::vector<Offset> offsets = offsets_of(model_);
    for (std::uint32_t i = 0; i < model_.sites; ++i)
      for (std::size_t k = 0; k < offsets.size(); ++k)
        if (const std::uint32_t other = grid_.neighbour(i, offsets[k]); other < model_.sites)
          walkers_[i]->connect(k, *walkers_[other]);
  }

  void connect_cubes() {
    for (std::uint32_t i = model_.sites; i < walkers_.size(); ++i)
      for (std::uint32_t axis = 0; axis < 3; ++axis)
        walkers_[i]->connect(axis, *walkers_[model_.sites + ((i - model_.sites) ^ (1u << axis))]);
    connect_gateways({3, 3});
  }

  void connect_filament() {
    constexpr std::size_t left = 0, right = 1;
    for (std::uint32_t i = model_.sites; i + 1 < walkers_.size(); ++i) {
      walkers_[i]->connect(right, *walkers_[i + 1]);
      walkers_[i + 1]->connect(left, *walkers_[i]);
    }
    connect_gateways({left, right});
  }

  // From the extra agents the gateway is the given channel: the first agent's, the others'.
  void connect_gateways(std::pair<std::size_t, std::size_t> channels) {
    for (const Gateway& gateway : gateways_) {
      const std::size_t channel = gateway.agent == model_.sites ? channels.first : channels.second;
      walkers_[gateway.site]->connect(6, *walkers_[gateway.agent]);
      walkers_[gateway.agent]->connect(channel, *walkers_[gateway.site]);
    }
  }

  const Model& model_;
  Logbook& logbook_;
  Grid grid_;
  std::vector<Gateway> gateways_;
  std::vector<Walker<Rules>*> walkers_;
};

} // namespace stos::bench
