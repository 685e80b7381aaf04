// Agents that live in a shared library, of which nothing is to be seen but make_players().

#pragma once

#include <libstos/stos.hpp>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>>;

/// Throws a ball back, and counts. What stands here is compiled into the program, too.
class Player : public stos::Agent<Player, Simulation> {
public:
  using Agent::Agent;
  ~Player() override { report("hits", hits); }

  void play() {
    ++hits;
    other.send([](Player& next) { next.play(); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Player& x) {
    return f.object(x).fields(f.field("other", x.other), f.field("hits", x.hits));
  }

  stos::ChannelWriter<Player> other;
  int hits = 0;
};

/// Two of them, of the simulation that the static functions stand for.
[[gnu::visibility("default")]] void make_players();
