#include "bench/stos_bench/model.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <tuple>

namespace stos::bench {
namespace {

constexpr Grid grids[] = {{10, 10, 10}, {20, 20, 25}, {40, 50, 50}, {100, 100, 100}};

constexpr Known known_runs[] = {
    {ModelKind::lattice, 1'000, 1, 50, 25'252, 0x1e495c4d4b828564},
    {ModelKind::lattice, 10'000, 1, 50, 253'504, 0x51502d6782de9d64},
    {ModelKind::lattice, 10'000, 1, 200, 1'003'281, 0xde581d456561b064},
    {ModelKind::lattice, 10'000, 1, 2000, 10'004'572, 0x29b92fb361fa6d4b},
    {ModelKind::lattice, 10'000, 16, 20, 1'658'270, 0xa917660687dacd95},
    {ModelKind::lattice, 10'000, 16, 100, 8'058'365, 0xbb04ea5aa6204981},
    {ModelKind::lattice, 100'000, 1, 20, 1'036'917, 0x56cc4abc22fbc10e},
    {ModelKind::lattice, 100'000, 1, 200, 10'035'927, 0xce3270c1a365fb6b},
    {ModelKind::lattice, 100'000, 16, 20, 16'595'445, 0x2f6a732df64ccdd1},
    {ModelKind::lattice, 1'000'000, 1, 20, 10'373'060, 0xc8e416997edb4861},
    {ModelKind::lattice, 1'000'000, 16, 5, 46'001'974, 0x0cc59d8f6720cbbd},
    {ModelKind::bare, 1'000, 1, 50, 50'000, 0xb67c7cf618739ba1},
    {ModelKind::bare, 10'000, 1, 1000, 10'000'000, 0x5c52d0314f6c0388},
    {ModelKind::bare, 1'000'000, 1, 10, 10'000'000, 0xff1bb6c1e9214373},
    {ModelKind::cluster, 10'000, 1, 100, 509'077, 0x704df1b93def1f5b, 1, 1e-3},
    {ModelKind::cluster, 10'000, 1, 100, 545'985, 0x7890c85d0e3202c8, 8, 1e-3},
    {ModelKind::filament, 10'000, 1, 50, 303'797, 0x61f5fb101803df7c, 1000, 1e-3},
    {ModelKind::filament, 1'000, 1, 5, 8'389, 0x1601f1507d37d067, 1000, 1e-4, 3000},
};

std::uint32_t shifted(std::uint32_t x, int by, std::uint32_t period) {
  const auto n = static_cast<std::int64_t>(period);
  return static_cast<std::uint32_t>(((std::int64_t{x} + by) % n + n) % n);
}

// The site at the origin of cube k: the cubes are spread evenly.
std::uint32_t base_of_cube(const Grid& grid, std::uint32_t cubes, std::uint32_t k) {
  const auto q = static_cast<std::uint32_t>(std::llround(std::cbrt(cubes)));
  STOS_ASSERT(q * q * q == cubes, "the number of cubes must be a cube itself");
  return grid.nx * (k % q) / q +
         grid.nx * (grid.ny * (k / q % q) / q + grid.ny * (grid.nz * (k / (q * q)) / q));
}

std::vector<Gateway> gateways_of_cubes(const Model& model) {
  const Grid grid = grid_of(model);
  std::vector<Gateway> gateways;
  for (std::uint32_t k = 0; k < model.extra; ++k)
    for (std::uint32_t corner = 0; corner < 8; ++corner) {
      const auto bit = [corner](unsigned b) { return static_cast<int>(corner >> b & 1); };
      gateways.push_back(
          {grid.neighbour(base_of_cube(grid, model.extra, k), {bit(0), bit(1), bit(2)}),
           model.sites + 8 * k + corner});
    }
  return gateways;
}

} // namespace

std::uint32_t Grid::neighbour(std::uint32_t site, const Offset& offset) const {
  return shifted(site % nx, offset.x, nx) +
         nx * (shifted(site / nx % ny, offset.y, ny) + ny * shifted(site / nx / ny, offset.z, nz));
}

std::array<double, 3> Grid::place(std::uint32_t site) const {
  const std::uint32_t x = site % nx, y = site / nx % ny, z = site / nx / ny;
  return {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
}

Grid grid_of(const Model& model) {
  for (const Grid& grid : grids)
    if (grid.sites() == model.sites)
      return grid;
  return grids[0]; // a pair of agents
}

std::uint32_t agents_of(const Model& model) {
  return model.sites + (model.kind == ModelKind::cluster ? 8 * model.extra : model.extra);
}

std::vector<Offset> offsets_of(const Model& model) {
  // One of each pair of opposites: the one whose last coordinate that is not zero is positive.
  std::vector<Offset> half;
  for (int z = 0; z <= 3; ++z)
    for (int y = z == 0 ? 0 : -3; y <= 3; ++y)
      for (int x = z == 0 && y == 0 ? 1 : -3; x <= 3; ++x)
        half.push_back({x, y, z});
  std::ranges::sort(half, {}, [](const Offset& o) {
    return std::tuple(o.x * o.x + o.y * o.y + o.z * o.z, o.z, o.y, o.x);
  });
  STOS_ASSERT(model.channels % 2 == 0 && model.channels <= 2 * half.size(), "no such lattice");
  std::vector<Offset> offsets;
  for (std::size_t i = 0; i < model.channels / 2; ++i) {
    offsets.push_back(half[i]);
    offsets.push_back({-half[i].x, -half[i].y, -half[i].z});
  }
  return offsets;
}

std::vector<Gateway> gateways_of(const Model& model) {
  if (model.kind == ModelKind::cluster)
    return gateways_of_cubes(model);
  if (model.kind == ModelKind::filament)
    return {{0, model.sites}, {1, model.sites + model.extra - 1}};
  return {};
}

std::uint64_t gateway_ticks(const Model& model) {
  const double d = static_cast<double>(to_ticks(model.spacing)) * tick_s;
  double length = 0;
  if (model.kind == ModelKind::cluster) {
    length = std::sqrt(3.0) * (0.5 - d / 2);
  } else if (model.kind == ModelKind::filament) {
    const double x = 0.5 - (model.extra - 1) * 0.5 * d;
    length = std::sqrt(0.25 + x * x);
  }
  return static_cast<std::uint64_t>(length / tick_s);
}

bool is_exact(const Model& model) {
  return model.channels <= 6 && (model.kind == ModelKind::lattice || model.kind == ModelKind::bare);
}

std::array<std::uint64_t, 257> log2_table() {
  std::array<std::uint64_t, 257> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = to_ticks(std::log2(1 + static_cast<double>(i) / 256));
  return table;
}

const Known* find_known(const Model& model, double end_time_s) {
  if (model.seed != 1 || model.channels != 6)
    return nullptr;
  for (const Known& known : known_runs)
    if (known.kind == model.kind && known.sites == model.sites && known.tokens == model.tokens &&
        known.end_time_s == end_time_s && known.extra == model.extra &&
        known.spacing == model.spacing && known.work == model.work)
      return &known;
  return nullptr;
}

} // namespace stos::bench
