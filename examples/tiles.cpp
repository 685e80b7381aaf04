// Tiles that many want to move.
//
// Places lie on a ring, a light-second apart, and on each place some tiles. Movers know some tiles
// of their neighbourhood, and want to have them nearer to their own place. Before a mover may move
// a tile it has to own where the tile lies; that passes once in a cycle, and not after a move
// (Owned). So of two that want to move one tile in a cycle the second is refused, and so is one
// that has seen the tile where it does not lie any more. How many tiles lie on a place is what
// comes and goes in a cycle, in no order that matters (Combined).
//
// After each cycle: no tile has moved twice, and all places together have all tiles.

#include "libstos/model/combined.hpp"
#include "libstos/model/owned.hpp"
#include "libstos/stos.hpp"

#include <array>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr std::uint32_t tiles_of_place = 5, movers_of_place = 14, tiles_of_mover = 4;

// How far from its first place a tile lies at most, and how far away those are who know it.
constexpr int reach = 3;

// A claim begins within the first second of a cycle; then it, its answer, the move, and the news of
// the move travel for at most `reach` seconds each. So the places hear of all that is done in a
// cycle before it ends.
constexpr double cycle = 4 * reach + 2;

struct Ring {
  std::uint32_t places = 0;

  [[nodiscard]] std::uint32_t away(std::uint32_t place, int steps) const {
    return static_cast<std::uint32_t>((place + places + static_cast<std::uint32_t>(steps)) %
                                      places);
  }
  /// By the shorter way: from -places / 2 to places / 2.
  [[nodiscard]] int steps(std::uint32_t from, std::uint32_t to) const {
    const auto ahead = static_cast<int>((to + places - from) % places);
    return 2 * ahead > static_cast<int>(places) ? ahead - static_cast<int>(places) : ahead;
  }
};

class Place : public Agent<Place, MySimulation> {
public:
  using Agent::Agent;

  void tell_each_cycle() {
    report("tiles", tiles.value(local_time()));
    after(cycle, [](Place& place) { place.tell_each_cycle(); });
  }

  Combined<std::int64_t> tiles{tiles_of_place, Cycles(cycle)};

  template <class Inspector>
  friend bool inspect(Inspector& f, Place& x) {
    return f.object(x).fields(f.field("tiles", x.tiles));
  }
};

class Mover;

class Tile : public Agent<Tile, MySimulation> {
public:
  using Agent::Agent;
  ~Tile() override {
    report("answers", answers_);
    report("moves", moves_);
  }

  void claim(AgentId by, std::uint32_t seen_on, std::uint32_t mover, std::uint32_t tile);

  void move(AgentId by, std::uint32_t to) {
    const std::uint32_t from = lies_on.value();
    if (lies_on.update(local_time(), by, to) != Ownership::granted)
      return;
    moves_.push_back(lies_on.cycles().of(local_time()));
    way_to(from).send([](Place& place) { place.tiles.subtract(place.local_time(), 1); });
    way_to(to).send([](Place& place) { place.tiles.update(place.local_time(), 1); });
  }

  Owned<std::uint32_t> lies_on;
  std::uint32_t home = 0;
  std::vector<ChannelWriter<Place>> around; // from `reach` before its first place on
  std::vector<ChannelWriter<Mover>> movers;

  template <class Inspector>
  friend bool inspect(Inspector& f, Tile& x) {
    return f.object(x).fields(f.field("lies_on", x.lies_on), f.field("home", x.home),
                              f.field("around", x.around), f.field("movers", x.movers),
                              f.field("answers", x.answers_), f.field("moves", x.moves_));
  }

private:
  ChannelWriter<Place>& way_to(std::uint32_t place) {
    return around[static_cast<std::size_t>(reach + provided<Ring>().steps(home, place))];
  }

  std::array<std::uint64_t, 5> answers_{}; // by Ownership
  std::vector<std::int64_t> moves_;        // in which cycles
};

class Mover : public Agent<Mover, MySimulation> {
public:
  using Agent::Agent;

  struct Known {
    ChannelWriter<Tile> tile;
    std::uint32_t mover = 0; // this one, as the tile counts those that know it
    std::uint32_t home = 0;  // of the tile
    std::uint32_t seen_on = 0;

    template <class Inspector>
    friend bool inspect(Inspector& f, Known& x) {
      return f.object(x).fields(f.field("tile", x.tile), f.field("mover", x.mover),
                                f.field("home", x.home), f.field("seen_on", x.seen_on));
    }
  };

  void want() {
    const std::uint32_t tile = random().below(tiles_of_mover);
    Known& known = tiles[tile];
    known.tile.send([id = id(), seen_on = known.seen_on, mover = known.mover, tile](Tile& t) {
      t.claim(id, seen_on, mover, tile);
    });
    const double begin = Cycles(cycle).begin_of(Cycles(cycle).of(local_time()) + 1);
    after(begin + random().uniform() - local_time(), [](Mover& mover) { mover.want(); });
  }

  void hear(std::uint32_t tile, Ownership answer, std::uint32_t lies_on) {
    Known& known = tiles[tile];
    known.seen_on = lies_on;
    const Ring& ring = provided<Ring>();
    const int way = ring.steps(lies_on, home);
    const std::uint32_t to = ring.away(lies_on, way > 0 ? 1 : -1);
    if (answer != Ownership::granted || way == 0 || std::abs(ring.steps(known.home, to)) > reach)
      return;
    known.tile.send([id = id(), to](Tile& t) { t.move(id, to); });
    known.seen_on = to;
  }

  std::uint32_t home = 0;
  std::vector<Known> tiles;

  template <class Inspector>
  friend bool inspect(Inspector& f, Mover& x) {
    return f.object(x).fields(f.field("home", x.home), f.field("tiles", x.tiles));
  }
};

void Tile::claim(AgentId by, std::uint32_t seen_on, std::uint32_t mover, std::uint32_t tile) {
  const Ownership answer = lies_on.claim(local_time(), by, seen_on);
  ++answers_[static_cast<std::size_t>(answer)];
  movers[mover].send(
      [tile, answer, place = lies_on.value()](Mover& m) { m.hear(tile, answer, place); });
}

// ---- the world
// ------------------------------------------------------------------------------------

static Tile* create_tile(const std::vector<Place*>& places, std::uint32_t home, const Ring& ring) {
  auto* tile = new Tile({0, home});
  tile->home = home;
  tile->lies_on = Owned<std::uint32_t>(home, Cycles(cycle));
  for (int steps = -reach; steps <= reach; ++steps)
    tile->around.emplace_back(*tile, *places[ring.away(home, steps)]);
  return tile;
}

// Any tiles of the neighbourhood, each mover other ones.
static void create_mover(const std::vector<Tile*>& tiles, std::uint32_t home, const Ring& ring,
                         RandomStream& random) {
  auto* mover = new Mover({0, home});
  mover->home = home;
  for (std::uint32_t i = 0; i < tiles_of_mover; ++i) {
    const std::uint32_t of = ring.away(home, static_cast<int>(random.below(2 * reach + 1)) - reach);
    Tile& tile = *tiles[of * tiles_of_place + random.below(tiles_of_place)];
    mover->tiles.push_back(
        {ChannelWriter(*mover, tile), static_cast<std::uint32_t>(tile.movers.size()), of, of});
    tile.movers.emplace_back(tile, *mover);
  }
  mover->after(random.uniform(), [](Mover& m) { m.want(); });
}

static void create_world(const Ring& ring, std::uint64_t seed) {
  MySimulation::space(Space::torus(ring.places));
  std::vector<Place*> places;
  for (std::uint32_t home = 0; home < ring.places; ++home) {
    places.push_back(new Place({0, home}));
    places.back()->after(0, [](Place& place) { place.tell_each_cycle(); });
  }
  std::vector<Tile*> tiles;
  for (std::uint32_t i = 0; i < ring.places * tiles_of_place; ++i)
    tiles.push_back(create_tile(places, i / tiles_of_place, ring));
  RandomStream random(seed);
  for (std::uint32_t i = 0; i < ring.places * movers_of_place; ++i)
    create_mover(tiles, i / movers_of_place, ring, random);
}

// ---- what must hold
// -------------------------------------------------------------------------------

static bool all_tiles_are_somewhere(const Reports& reports, const Ring& ring) {
  std::map<AgentId, std::size_t> cycles_told;
  std::vector<std::int64_t> sums; // by cycle
  for (const auto& [place, tiles] : reports.of<std::int64_t>("tiles")) {
    const std::size_t of_cycle = cycles_told[place]++;
    sums.resize(std::max(sums.size(), of_cycle + 1));
    sums[of_cycle] += tiles;
  }
  for (const std::int64_t sum : sums)
    if (sum != std::int64_t{ring.places} * tiles_of_place)
      return false;
  return true;
}

static bool no_tile_has_moved_twice(const Reports& reports) {
  for (const auto& [tile, cycles] : reports.of<std::vector<std::int64_t>>("moves"))
    for (std::size_t i = 1; i < cycles.size(); ++i)
      if (cycles[i] <= cycles[i - 1])
        return false;
  return true;
}

static void tell(const Reports& reports) {
  std::array<std::uint64_t, 5> sums{};
  for (const auto& [tile, answers] : reports.of<std::array<std::uint64_t, 5>>("answers"))
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += answers[i];
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (static_cast<Ownership>(i) != Ownership::not_owner)
      std::cout << "claims " << to_string(static_cast<Ownership>(i)) << ": " << sums[i] << '\n';
}

static int simulate(const RunOptions& options, std::uint32_t agents) {
  MySimulation simulation(options);
  const auto scope = simulation.set_up();
  const Ring ring{agents / (1 + tiles_of_place + movers_of_place)};
  simulation.provide(ring);
  create_world(ring, options.seed);

  const RunSummary summary = MySimulation::start(20 * cycle);
  if (options.digest_only) {
    std::cout << summary.digests() << '\n';
  } else {
    tell(summary.reports);
    std::cout << summary.to_string();
  }
  if (all_tiles_are_somewhere(summary.reports, ring) && no_tile_has_moved_twice(summary.reports))
    return 0;
  std::cerr << "tiles: a tile was lost, was doubled, or moved twice in a cycle\n";
  return 1;
}

int main(int argc, char** argv) {
  std::uint32_t agents = 1'000;
  return run_main(
      argc, argv, "Tiles that many agents want to move, and of which each cycle one may.",
      [&](CommandLine& command_line) {
        command_line.option("--agents", agents, "places, tiles and movers, one to five to fourteen",
                            160, 10'000'000);
      },
      [&](const RunOptions& options) { return simulate(options, agents); });
}
