#pragma once

#include "libstos/service/keyed/agent_group.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

// ---- agents for tests
// ------------------------------------------------------------------------------

struct Get {};
struct GetText {};
struct Add {
  std::int64_t amount = 0;
};
struct Append {
  std::string text;

  template <class Inspector>
  friend bool inspect(Inspector& f, Append& x) {
    return f.object(x).fields(f.field("text", x.text));
  }
};
struct Throw {};
struct Leave {};
struct SetOnTick {
  keyed::OnTick what;
};
struct AskContext {};
struct Context {
  std::uint64_t now_ms = 0;
  std::uint64_t random = 0;
  bool is_new = false;

  friend bool operator==(const Context&, const Context&) = default;
};

/// The sum of two numbers that a fuzz target may have made up: it goes round.
inline std::int64_t sum_of(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// A number and a text that can be added to.
struct Ledger {
  static constexpr std::string_view name = "ledger";
  using Queries = keyed::Queries<Get, GetText>;
  using Commands = keyed::Commands<Add, Append, Throw, Leave, SetOnTick, AskContext>;

  std::int64_t sum = 0;
  std::string text;
  std::uint32_t timeouts = 0;

  [[nodiscard]] std::int64_t query(const Get&) const { return sum; }
  [[nodiscard]] std::string query(const GetText&, const keyed::QueryContext& context) const {
    return context.id().key + ":" + text;
  }

  std::int64_t command(const Add& add) noexcept { return sum = sum_of(sum, add.amount); }
  void command(const Append& append, keyed::CommandContext&) { text += append.text; }
  std::int64_t command(const Throw&) {
    sum = -1;
    throw std::runtime_error("out of ink");
  }
  std::int64_t command(const Leave&, keyed::CommandContext& context) {
    context.deactivate();
    return sum;
  }
  void command(const SetOnTick& set, keyed::CommandContext& context) { context.on_tick(set.what); }
  Context command(const AskContext&, keyed::CommandContext& context) {
    return {context.now().ms, context.random()(), context.is_new()};
  }
  void timeout(keyed::TimeoutContext& context) {
    if (text == "fails")
      throw std::runtime_error("no time");
    ++timeouts;
    sum = sum_of(sum, 100);
    if (text == "leaves")
      context.deactivate();
    if (text == "again")
      context.on_tick(keyed::OnTick::timeout_after(2));
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Ledger& x) {
    return f.object(x).fields(f.field("sum", x.sum), f.field("text", x.text),
                              f.field("timeouts", x.timeouts));
  }
};

/// Does what a pure callback must not do.
inline std::int64_t calls_of_impure = 0;
struct Impure {
  static constexpr std::string_view name = "impure";
  using Queries = keyed::Queries<>;
  using Commands = keyed::Commands<Add>;

  std::int64_t sum = 0;

  std::int64_t command(const Add& add) {
    return sum = sum_of(sum, sum_of(add.amount, ++calls_of_impure));
  }
};

inline void add_all(keyed::AgentTypes& types) {
  types.add<Ledger>();
  types.add<Impure>();
}

// ---- a group without a log
// -------------------------------------------------------------------------

/// A leader's replica and another one, which get the same items; whatever one of them answers, the
/// other one has to answer, too. The first one is sometimes made anew from its snapshot.
class TwoReplicas {
public:
  explicit TwoReplicas(const keyed::AgentTypes& types, keyed::AgentGroupOptions options = {},
                       bool owns_all = true)
      : leader(types, options), follower(types, options) {
    if (owns_all)
      adopt({1, keyed::Range::all(), {}, {7}});
  }

  keyed::Answer apply(const std::vector<std::byte>& item) {
    ++index_;
    const keyed::Place place{{index_}, 0};
    keyed::Answer answer = leader.apply(item, place, now, &effects);
    differ = differ || follower.apply(item, place, now, nullptr) != answer ||
             leader.snapshot() != follower.snapshot();
    if (index_ % 3 == 0)
      differ = differ || !leader.restore(follower.snapshot()) ||
               leader.snapshot() != follower.snapshot();
    return answer;
  }

  void adopt(const keyed::Transfer& transfer) {
    static_cast<void>(
        apply(keyed::AgentGroup::adopt_item(transfer, 0, true, keyed::AgentGroup::empty_piece())));
  }

  keyed::Answer send(const keyed::Stamp& stamp, const keyed::Call& call,
                     keyed::Activation activation = keyed::Activation::allowed) {
    return apply(keyed::AgentGroup::command_item(stamp, activation, call));
  }

  keyed::Stamp next_stamp() { return {{now, 1}, ++sequence_, sequence_}; }

  template <class A, class C>
  keyed::RepliedTo<A, C> command(const std::string& key, const C& what,
                                 keyed::Activation activation = keyed::Activation::allowed) {
    return keyed::RepliedTo<A, C>(
        send(next_stamp(), keyed::command_call<A>("q", key, what), activation));
  }

  template <class A, class Q>
  keyed::Replied<keyed::QueryReply<A, Q>> query(const std::string& key, const Q& what) {
    const std::vector<std::byte> bytes = keyed::encode(keyed::query_call<A>("q", key, what));
    return keyed::Replied<keyed::QueryReply<A, Q>>(leader.query(bytes, &effects));
  }

  void tick() { static_cast<void>(apply(keyed::AgentGroup::tick_item(leader.take_asked()))); }

  keyed::AgentGroup leader;
  keyed::AgentGroup follower;
  keyed::Time now{1'000'000};
  std::vector<keyed::Effect> effects;
  bool differ = false;

private:
  std::uint64_t index_ = 0;
  std::uint64_t sequence_ = 0;
};

} // namespace stos::test
