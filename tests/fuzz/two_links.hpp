#pragma once

#include "libstos/agent/simulation.hpp"
#include "libstos/base/assert.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/engine/parallel/domain_set.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// A small world on three nodes, of which one stands alone here: what its two links bring is read
/// from bytes.
namespace stos::fuzz {

struct NobodyRuns {
  static RunSummary run(World&) { return {}; }
  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

using Simulation = ForwardSimulation<Minkowski<4>, NobodyRuns>;

/// Agents of two classes that differ in size, and that do all that can go over a link: lambdas with
/// and without data, references that are passed on and used, channels that are opened and closed,
/// turns, and emissions later than their causes.
template <int ReactionTenths>
class Talker;

// What is sent: types with names, since those of lambdas are different ones for each compiler, and
// the inputs that one has found would mean nothing to a program that another one has built.
struct Hello {
  void operator()(Talker<0>& talker) const;
};
struct Text {
  void operator()(Talker<0>& talker, const std::string& text) const;
};
struct Number {
  std::uint32_t n;
  void operator()(Talker<2>& talker) const;
};
template <int ReactionTenths>
struct Introduction {
  RemoteReference<Talker<0>> about;
  void operator()(Talker<ReactionTenths>& talker) const { talker.meet(about); }
};

template <int ReactionTenths>
class Talker : public Agent<Talker<ReactionTenths>, Simulation> {
  using Base = Agent<Talker<ReactionTenths>, Simulation>;

public:
  static constexpr double reaction_time = ReactionTenths / 10.0;

  Talker(const Minkowski<4>& position, const Velocity<4>& v) : Base(position, v) {}

  template <int Other>
  void connect(Talker<Other>& other) {
    writers<Other>().emplace_back(*this, other);
  }

  void begin(int rounds) {
    this->after(1, [rounds](Talker& self) {
      self.speak();
      if (rounds > 1 && rounds < 20)
        self.begin(rounds - 1);
    });
  }

  void meet(const RemoteReference<Talker<0>>& other) {
    if (to_still_.size() > 8)
      to_still_.erase(to_still_.begin());
    to_still_.emplace_back(*this, other);
    to_still_.back().send(Hello{});
  }

  void hear(const std::string& text) { heard_[text.size() % heard_.size()] += 1; }

private:
  template <int>
  friend class Talker;

  template <int Other>
  auto& writers() {
    if constexpr (Other == 0)
      return to_still_;
    else
      return to_slow_;
  }

  void speak() {
    ++spoken_;
    for (auto& writer : to_still_)
      writer.send(Text{}, std::string(spoken_ % 40, 'x'));
    for (auto& writer : to_slow_)
      writer.send(Number{spoken_});
    if (spoken_ % 3 == 1 && !to_still_.empty() && !to_slow_.empty())
      to_slow_.front().send(Introduction<2>{to_still_.front().target()});
    if (spoken_ % 3 == 2 && to_still_.size() > 1)
      to_still_.back().send(Introduction<0>{to_still_.front().target()});
    if (spoken_ % 4 == 3 && to_still_.size() > 2)
      to_still_.erase(to_still_.begin() + 1);
    if (spoken_ % 5 == 4)
      this->velocity = Velocity<4>(spoken_ % 2 == 0 ? 0.25 : 0, 0, 0);
  }

  std::vector<ChannelWriter<Talker<0>>> to_still_;
  std::vector<ChannelWriter<Talker<2>>> to_slow_;
  std::array<std::uint64_t, ReactionTenths == 0 ? 4 : 40> heard_{};
  std::uint32_t spoken_ = 0;
};

inline void Hello::operator()(Talker<0>& talker) const { talker.hear("hello"); }
inline void Text::operator()(Talker<0>& talker, const std::string& text) const {
  talker.hear(text);
}
inline void Number::operator()(Talker<2>& talker) const { talker.hear(std::string(n % 16, 'y')); }

constexpr std::size_t nodes = 3;

inline std::unique_ptr<Simulation> make_world() {
  RunOptions options;
  options.mailbox_lambdas_max = 1000;
  auto simulation = std::make_unique<Simulation>(options);
  const auto scope = simulation->set_up();
  std::vector<Talker<0>*> still;
  std::vector<Talker<2>*> slow;
  for (int i = 0; i < 6; ++i) {
    still.push_back(new Talker<0>({0, 2.0 * i, 0, 0}, Velocity<4>(i == 4 ? 0.5 : 0, 0, 0)));
    slow.push_back(new Talker<2>({0, 2.0 * i, 1, 0}, {}));
  }
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t k = 1; k < 3; ++k) {
      still[i]->connect(*still[(i + k) % 6]);
      still[i]->connect(*slow[(i + k) % 6]);
      slow[i]->connect(*still[(i + k) % 6]);
      slow[i]->connect(*slow[(i + 2 * k) % 6]);
    }
  for (std::size_t i = 0; i < 6; ++i) {
    still[i]->begin(8);
    slow[i]->begin(8);
  }
  simulation->world().end_time = 12;
  return simulation;
}

/// One node. All that it does is a function of what comes in.
class LoneNode {
public:
  explicit LoneNode(std::size_t own)
      : simulation_(make_world()), place_{NodeIndex(own), nodes, 1},
        share_(detail::take_share(simulation_->world(), placement(), place_)),
        set_(simulation_->world(), share_.own, place_.domains, place_.links(),
             [this](detail::RunnerIndex runner) { ready_.push_back(runner); }, nullptr, {}),
        gateway_(std::make_unique<detail::Gateway>(simulation_->world(), set_, place_, share_,
                                                   detail::LinkLimits{300, 2000})) {
    simulation_->world().begin_run();
    set_.start();
    go_on();
  }
  ~LoneNode() { end(); }
  LoneNode(const LoneNode&) = delete;
  LoneNode& operator=(const LoneNode&) = delete;

  using Frame = detail::Gateway::Frame;

  /// `in_a_hurry`: the next thing happens before the domains have done anything.
  void receive(std::size_t from, std::vector<std::byte> bytes, bool in_a_hurry = false) {
    if (error_)
      return;
    gateway_->receive(NodeIndex(from), std::move(bytes));
    if (in_a_hurry && std::erase(ready_, set_.board().gateway()) > 0)
      run_gateway();
    else
      go_on();
  }

  /// The time that the gateway wanted to be woken at has come.
  void pass_time() {
    if (error_)
      return;
    now_s_ += 0.01;
    set_.board().wake_gateway();
    go_on();
  }

  [[nodiscard]] std::vector<Frame> take_sent() { return std::exchange(sent_, {}); }
  [[nodiscard]] bool finished() const { return finished_ == set_.size(); }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::optional<detail::Failure> failure() const { return set_.failure(); }

private:
  static Placement placement() {
    Placement node_of;
    for (std::size_t i = 0; i < 12; ++i)
      node_of.emplace_back(i / 2 % nodes);
    return node_of;
  }

  void go_on() {
    std::size_t steps = 0;
    while (!ready_.empty() && !error_) {
      const detail::RunnerIndex runner = ready_.front();
      ready_.erase(ready_.begin());
      if (runner == set_.board().gateway())
        run_gateway();
      else
        run_domain(runner);
      STOS_ASSERT(++steps < 100'000, "a node that does not come to rest");
    }
  }

  void run_gateway() {
    detail::Gateway::Output output;
    const auto slice = gateway_->run(now_s_, output);
    for (Frame& frame : output.frames)
      sent_.push_back(std::move(frame));
    if (!slice)
      error_ = slice.error();
    else if (*slice == detail::Gateway::Slice::more)
      ready_.push_back(set_.board().gateway());
  }

  void run_domain(detail::RunnerIndex runner) {
    switch (set_.run(runner.domain(), 1000)) {
      case detail::Domain::Slice::more: ready_.push_back(runner); break;
      case detail::Domain::Slice::parked: break;
      case detail::Domain::Slice::finished: ++finished_; break;
    }
  }

  // As after the loss of a node: nothing happens any more.
  void end() {
    if (finished())
      return;
    simulation_->world().end_time = Instant::beginning().absorption;
    std::erase(ready_, set_.board().gateway());
    while (!ready_.empty()) {
      const detail::RunnerIndex runner = ready_.front();
      ready_.erase(ready_.begin());
      if (runner != set_.board().gateway())
        run_domain(runner);
    }
    if (finished())
      return;
    set_.board().settle(Instant::never());
    for (const detail::RunnerIndex runner : std::exchange(ready_, {}))
      run_domain(runner);
    STOS_ASSERT(finished(), "a domain that does not end");
  }

  std::unique_ptr<Simulation> simulation_;
  detail::NodePlace place_;
  detail::InitialShare share_;
  std::vector<detail::RunnerIndex> ready_;
  std::vector<Frame> sent_;
  std::optional<Error> error_;
  std::size_t finished_ = 0;
  double now_s_ = 0;
  detail::DomainSet set_;
  std::unique_ptr<detail::Gateway> gateway_;
};

/// What happens to the node: a byte that says what, then for a frame its size and bytes.
enum class Step : std::uint8_t { from_first, from_second, time_passes };

inline void write_step(Step step, std::span<const std::byte> bytes, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(step));
  if (step != Step::time_passes) {
    out.u16(static_cast<std::uint16_t>(bytes.size()));
    out.raw(bytes);
  }
}

constexpr std::size_t own_node = 1;

/// `act(node, bytes, in_a_hurry)` for each frame in `input`, `pass()` whenever time passes.
template <class Act, class Pass>
void each_step(std::span<const std::byte> input, Act&& act, Pass&& pass) {
  BytesReader in(input);
  while (in.remaining() > 0) {
    constexpr unsigned hurry = 0x80;
    const unsigned first = in.u8();
    const auto step = static_cast<Step>(first % hurry % 3);
    if (step == Step::time_passes) {
      pass();
      continue;
    }
    const auto bytes = in.raw(std::min<std::size_t>(in.u16(), in.remaining()));
    act(step == Step::from_first ? std::size_t{0} : std::size_t{2}, bytes, first >= hurry);
  }
}

} // namespace stos::fuzz
