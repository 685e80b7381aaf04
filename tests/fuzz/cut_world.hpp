#pragma once

#include "libstos/agent/simulation.hpp"
#include "libstos/base/assert.hpp"
#include "libstos/image/cut.hpp"
#include "libstos/world/report_bytes.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A small world that is cut at several times, and its cuts as plain bytes, without the hashes that
/// keep whatever was changed away from restore().
namespace stos::fuzz {

/// Runs a world on the serial engine, and cuts it.
struct Cutter {
  std::vector<double> times;
  std::vector<detail::Cut> cuts;

  RunSummary run(World& world) {
    world.next_stop = times.front();
    world.at_stop = [this, &world](const WorldAtStop& stop) {
      Result<detail::Cut> cut = detail::take_cut(world, stop);
      STOS_ASSERT(cut, cut.error().context);
      cuts.push_back(*std::move(cut));
      return cuts.size() < times.size() ? times[cuts.size()] : Instant::never().absorption;
    };
    return test::ShuffledDomains(0, 1).run(world);
  }
  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

using CutSimulation = ForwardSimulation<Minkowski<3>, Cutter>;

template <int ReactionTenths>
class Teller;

// Types with names, see two_links.hpp.
struct Tale {
  std::uint32_t length;
  void operator()(Teller<0>& teller, const std::string& text,
                  const std::vector<std::pair<int, double>>& numbers) const;
};
struct Nod {
  void operator()(Teller<3>& teller) const;
};
template <int ReactionTenths>
struct Meeting {
  RemoteReference<Teller<0>> about;
  void operator()(Teller<ReactionTenths>& teller) const { teller.meet(about); }
};
template <int ReactionTenths>
struct Wake {
  void operator()(Teller<ReactionTenths>& teller) const { teller.speak(); }
};

/// Agents that have some of everything that is in a cut: channels to agents that live and that have
/// ended, lambdas with and without data, references, turns that are decided upon.
template <int ReactionTenths>
class Teller : public Agent<Teller<ReactionTenths>, CutSimulation> {
  using Base = Agent<Teller<ReactionTenths>, CutSimulation>;

public:
  static constexpr double reaction_time = ReactionTenths / 10.0;

  Teller() = default;
  Teller(const Minkowski<3>& position, const Velocity<3>& v) : Base(position, v) {}

  std::vector<ChannelWriter<Teller<0>>> to_quick;
  std::map<std::string, ChannelWriter<Teller<3>>> to_slow;
  std::optional<std::string> heard;
  std::vector<std::pair<int, double>> numbers;
  std::uint32_t spoken = 0;

  void speak() {
    ++spoken;
    for (auto& writer : to_quick)
      writer.send(Tale{spoken}, std::string(spoken % 20, 'x'), numbers);
    for (auto& [name, writer] : to_slow)
      writer.send(Nod{});
    if (spoken % 2 == 1 && to_quick.size() > 1)
      to_quick.front().send(Meeting<0>{to_quick.back().target()});
    if (spoken % 2 == 0 && !to_quick.empty() && !to_slow.empty())
      to_slow.begin()->second.send(Meeting<3>{to_quick.back().target()});
    this->velocity = Velocity<3>(spoken % 2 == 0 ? 0.25 : 0, 0);
    if (spoken == 4 && ReactionTenths == 0)
      this->die();
    if (spoken < 6)
      this->after(1.25, Wake<ReactionTenths>{});
  }

  void meet(const RemoteReference<Teller<0>>& other) {
    if (to_quick.size() < 4)
      to_quick.emplace_back(*this, other);
    this->report("met", to_quick.size());
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Teller& x) {
    return f.object(x).fields(f.field("to_quick", x.to_quick), f.field("to_slow", x.to_slow),
                              f.field("heard", x.heard), f.field("numbers", x.numbers),
                              f.field("spoken", x.spoken));
  }
};

inline void Tale::operator()(Teller<0>& teller, const std::string& text,
                             const std::vector<std::pair<int, double>>& numbers) const {
  teller.heard = text;
  teller.numbers = numbers;
  teller.numbers.resize(std::min<std::size_t>(teller.numbers.size(), 5));
  teller.numbers.emplace_back(static_cast<int>(length), 0.5);
}
inline void Nod::operator()(Teller<3>& teller) const { teller.heard.reset(); }

inline std::vector<detail::Cut> some_cuts() {
  CutSimulation simulation(RunOptions{}, Cutter{{0.5, 2.5, 4, 6, 9}, {}});
  {
    const auto scope = simulation.set_up();
    std::vector<Teller<0>*> quick;
    std::vector<Teller<3>*> slow;
    for (int i = 0; i < 3; ++i) {
      quick.push_back(new Teller<0>({0, 1.5 * i, 0}, {}));
      slow.push_back(new Teller<3>({0, 1.5 * i, 1}, {}));
    }
    for (std::size_t i = 0; i < 3; ++i) {
      quick[i]->to_quick.emplace_back(*quick[i], *quick[(i + 1) % 3]);
      quick[i]->to_slow.emplace("next", ChannelWriter(*quick[i], *slow[(i + 1) % 3]));
      slow[i]->to_quick.emplace_back(*slow[i], *quick[i]);
      slow[i]->to_quick.emplace_back(*slow[i], *quick[(i + 2) % 3]);
      quick[i]->after(1, Wake<0>{});
      slow[i]->after(1.1, Wake<3>{});
    }
  }
  static_cast<void>(simulation.run(12));
  return simulation.resource().cuts;
}

inline void write_plainly(const detail::Cut& cut, BytesWriter& out) {
  out.f64(cut.time);
  out.varint(cut.departed.size());
  for (const auto& each : cut.departed) {
    out.u64(each.agent.value);
    out.u64(each.type_id);
    out.u8(each.died ? 1 : 0);
  }
  out.varint(cut.images.size());
  for (std::size_t i = 0; i < cut.images.size(); ++i) {
    out.u64(cut.images[i].agent.value);
    out.varint(cut.image(i).size());
    out.raw(cut.image(i));
  }
}

/// Whatever the bytes are: what cannot be read is not there.
inline detail::Cut read_plainly(BytesReader& in) {
  detail::Cut cut;
  cut.time = in.f64();
  for (std::size_t left = in.count(17); left > 0; --left) {
    const AgentId agent{in.u64()};
    const std::uint64_t type_id = in.u64();
    cut.departed.push_back({agent, type_id, in.u8() != 0});
  }
  for (std::size_t left = in.count(9); left > 0; --left) {
    const AgentId agent{in.u64()};
    cut.add_image(agent, in.raw(std::min<std::uint64_t>(in.varint(), in.remaining())));
  }
  return cut;
}

} // namespace stos::fuzz
