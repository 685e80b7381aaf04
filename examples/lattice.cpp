// Spatial PHOLD: tokens that wander over a periodic lattice, for ever.
//
// A site that absorbs a token serves it for an exponential time of mean 1 and sends it on to one of
// its six neighbours, one light-second away. The model is defined to the last bit, in integers:
// time counts ticks of 2^-32 s (all of them are exact in a double), and each site keeps a hash of
// its own sequence of absorptions. Other simulators that follow the definition get the same digest;
// for some sizes it is known, and compared here.

#include "libstos/stos.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

constexpr double tick = 0x1p-32;
constexpr std::uint64_t recorded_every = 16; // hops of a site, if output.records_path is given

// ---- the model's random numbers
// ------------------------------------------------------------------

// log2(1 + i / 256) in ticks.
static std::array<std::uint64_t, 257> logarithms() {
  std::array<std::uint64_t, 257> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<std::uint64_t>(
        std::llround(std::log2(1 + static_cast<double>(i) / 256) / tick));
  return table;
}

// -ln(r / 2^64) in ticks: an exponential variable of mean 1 if r is uniform. Integers only, so that
// every machine draws the same.
static std::uint64_t exponential_ticks(std::uint64_t r) {
  static const auto log2_table = logarithms();
  r = std::max<std::uint64_t>(r, 1);
  const int zeros = std::countl_zero(r);
  const std::uint64_t fraction = zeros == 63 ? 0 : r << (zeros + 1);
  const std::uint64_t i = fraction >> 56;
  const std::uint64_t between = (fraction >> 24) & 0xffffffff;
  const std::uint64_t log2 =
      log2_table[i] + (((log2_table[i + 1] - log2_table[i]) * between) >> 32);
  const std::uint64_t x = (static_cast<std::uint64_t>(zeros + 1) << 32) - log2;
  constexpr std::uint64_t ln2 = 2977044472; // in ticks; (x * ln2) >> 32 without an overflow:
  return (x >> 32) * ln2 + (((x & 0xffffffff) * ln2) >> 32);
}

// ---- the sites
// -----------------------------------------------------------------------------------

// What a site reports at its end, and the sum over all sites of all nodes.
struct Totals {
  std::uint64_t digest = 0;
  std::uint64_t hops = 0;
  std::uint64_t ties_in_other_order = 0;
};

class Site : public Agent<Site, MySimulation> {
public:
  Site(const SpaceTime& position, std::uint32_t index, std::uint64_t seed, std::uint32_t work)
      : Agent(position), index_(index), work_(work),
        stream_(mix64(seed + 0x9e3779b97f4a7c15u * (std::uint64_t{index} + 1))) {}

  ~Site() override {
    report("site",
           Totals{mix64(hash_ + mix64(std::uint64_t{index_} + 1)), hops_, ties_in_other_order_});
  }

  void connect(std::size_t direction, Site& neighbour) {
    neighbours_[direction] = ChannelWriter(*this, neighbour);
  }

  [[nodiscard]] std::uint64_t hops() const { return hops_; }

  void begin(std::uint32_t tokens) {
    for (std::uint32_t k = 0; k < tokens; ++k)
      after(static_cast<double>(stream_() >> 32) * tick,
            [token = index_ * tokens + k](Site& self) { self.absorb(token); });
  }

private:
  friend struct stos::AgentMaker;
  Site() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Site& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours_), f.field("index", x.index_),
                              f.field("work", x.work_), f.field("last_token", x.last_token_),
                              f.field("last_time", x.last_time_), f.field("stream", x.stream_),
                              f.field("hash", x.hash_), f.field("hops", x.hops_),
                              f.field("ties", x.ties_in_other_order_));
  }

  void absorb(std::uint32_t token) {
    const auto now = static_cast<std::uint64_t>(local_time() / tick);
    note_tie(now, token);
    hash_ = (hash_ ^ now) * 0x100000001b3u;
    hash_ = (hash_ ^ token) * 0x100000001b3u;
    hash_ ^= hash_ >> 29;
    for (std::uint32_t i = 0; i < work_; ++i)
      hash_ = mix64(hash_ + 0x9e3779b97f4a7c15u);
    if (++hops_ % recorded_every == 0)
      record("hops", hops_);
    const std::uint32_t direction = stream_.below(6);
    after(static_cast<double>(exponential_ticks(stream_())) * tick, [direction, token](Site& self) {
      self.neighbours_[direction].send([token](Site& site) { site.absorb(token); });
    });
  }

  // The definition orders tokens that come at the same tick by their number; we order them by where
  // they come from. Among ten million hops hardly a tie is to be expected; were there one in
  // another order, the digests would differ, and this says why.
  void note_tie(std::uint64_t now, std::uint32_t token) {
    ties_in_other_order_ += hops_ > 0 && now == last_time_ && token < last_token_;
    last_time_ = now;
    last_token_ = token;
  }

  std::array<ChannelWriter<Site>, 6> neighbours_; // +x, -x, +y, -y, +z, -z
  std::uint32_t index_ = 0;
  std::uint32_t work_ = 0;
  std::uint32_t last_token_ = 0;
  std::uint64_t last_time_ = 0;
  RandomStream stream_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::uint64_t hops_ = 0;
  std::uint64_t ties_in_other_order_ = 0;
};

// ---- the lattice
// ---------------------------------------------------------------------------------

struct Lattice {
  std::uint32_t agents, nx, ny, nz;
};

constexpr Lattice lattices[] = {
    {1'000, 10, 10, 10}, {10'000, 20, 20, 25}, {100'000, 40, 50, 50}, {1'000'000, 100, 100, 100}};

// What the command line says of the model.
struct Load {
  std::uint32_t tokens = 1;
  std::uint32_t work = 0;
  std::uint32_t observe_every = 0;
};

static void create_sites(const Lattice& lattice, const Load& load, std::uint64_t seed) {
  const std::uint32_t agents = lattice.agents, nx = lattice.nx, ny = lattice.ny, nz = lattice.nz;
  MySimulation::space(Space::torus(nx, ny, nz));
  std::vector<Site*> sites(agents);
  for (std::uint32_t i = 0; i < agents; ++i)
    sites[i] = new Site({0, i % nx, i / nx % ny, i / nx / ny}, i, seed, load.work);
  for (std::uint32_t i = 0; i < agents; ++i) {
    const std::uint32_t x = i % nx, y = i / nx % ny, z = i / nx / ny;
    const auto site = [&](std::uint32_t a, std::uint32_t b, std::uint32_t c) -> Site& {
      return *sites[a % nx + nx * (b % ny + ny * (c % nz))];
    };
    sites[i]->connect(0, site(x + 1, y, z));
    sites[i]->connect(1, site(x + nx - 1, y, z));
    sites[i]->connect(2, site(x, y + 1, z));
    sites[i]->connect(3, site(x, y + ny - 1, z));
    sites[i]->connect(4, site(x, y, z + 1));
    sites[i]->connect(5, site(x, y, z + nz - 1));
    sites[i]->begin(load.tokens);
  }
}

// Digests with seed 1 that several simulators agree on.
struct Known {
  std::uint32_t agents, tokens;
  double end_time;
  std::uint64_t hops, digest;
};

constexpr Known known_digests[] = {
    {1'000, 1, 50, 25'252, 0x1e495c4d4b828564},
    {10'000, 1, 50, 253'504, 0x51502d6782de9d64},
    {10'000, 1, 200, 1'003'281, 0xde581d456561b064},
    {10'000, 1, 2000, 10'004'572, 0x29b92fb361fa6d4b},
    {10'000, 16, 20, 1'658'270, 0xa917660687dacd95},
    {10'000, 16, 100, 8'058'365, 0xbb04ea5aa6204981},
    {100'000, 1, 20, 1'036'917, 0x56cc4abc22fbc10e},
    {100'000, 1, 200, 10'035'927, 0xce3270c1a365fb6b},
    {100'000, 16, 20, 16'595'445, 0x2f6a732df64ccdd1},
    {1'000'000, 1, 20, 10'373'060, 0xc8e416997edb4861},
    {1'000'000, 16, 5, 46'001'974, 0x0cc59d8f6720cbbd},
};

static const Known* find_known(std::uint32_t agents, const Load& load, std::uint64_t seed,
                               double end_time) {
  for (const Known& known : known_digests)
    if (seed == 1 && load.work == 0 && known.agents == agents && known.tokens == load.tokens &&
        known.end_time == end_time)
      return &known;
  return nullptr;
}

static Totals sum_of(const Reports& reports) {
  Totals sum;
  for (const auto& [agent, site] : reports.of<Totals>("site")) {
    sum.digest += site.digest;
    sum.hops += site.hops;
    sum.ties_in_other_order += site.ties_in_other_order;
  }
  return sum;
}

static int simulate(const RunOptions& options, const Lattice& lattice, const Load& load) {
  MySimulation simulation(options);
  const auto scope = simulation.set_up();
  create_sites(lattice, load, options.seed);
  if (load.observe_every > 0)
    simulation.observe<Site>("hops", {.every = static_cast<double>(load.observe_every)},
                             [](const Site& site) { return site.hops(); });

  const RunSummary summary = MySimulation::start(50);
  const Totals totals = sum_of(summary.reports);

  const Known* known = find_known(lattice.agents, load, options.seed, summary.end_time);
  if (options.digest_only) {
    std::cout << summary.digests() << '\n';
  } else {
    std::cout << "hops            " << totals.hops << " ("
              << static_cast<double>(totals.hops) / summary.wall_time_s << " hops/s)\n"
              << "model digest    " << std::hex << std::setfill('0') << std::setw(16)
              << totals.digest << std::dec
              << (known != nullptr ? "" : " (none is known for this size, load, seed and end time)")
              << '\n'
              << summary.to_string();
  }
  if (totals.ties_in_other_order > 0)
    std::cerr << "lattice: " << totals.ties_in_other_order
              << " ties in another order than in the definition\n";
  if (known != nullptr && (known->digest != totals.digest || known->hops != totals.hops)) {
    std::cerr << "lattice: expected " << known->hops << " hops and model digest " << std::hex
              << std::setfill('0') << std::setw(16) << known->digest << '\n';
    return 1;
  }
  // Each token is either under way or being served.
  if (summary.in_flight != std::uint64_t{lattice.agents} * load.tokens) {
    std::cerr << "lattice: " << summary.in_flight << " tokens at the end, "
              << std::uint64_t{lattice.agents} * load.tokens << " at the beginning\n";
    return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  std::string agents = "1000";
  Load load;
  return run_main(
      argc, argv, "Spatial PHOLD: tokens that wander over a periodic lattice.",
      [&](CommandLine& command_line) {
        command_line.choice("--agents", agents, {"1000", "10000", "100000", "1000000"},
                            "size of the lattice");
        command_line.option("--tokens", load.tokens, "tokens that each agent starts with", 1, 1024);
        command_line.option("--work", load.work,
                            "rounds of work that an event takes, some 3 ns each", 0, 100'000'000);
        command_line.option("--observe", load.observe_every,
                            "seconds between two looks at the hops of all agents; 0: none", 0,
                            1'000'000);
      },
      [&](const RunOptions& options) {
        for (const Lattice& lattice : lattices)
          if (std::to_string(lattice.agents) == agents)
            return simulate(options, lattice, load);
        return 2;
      });
}
