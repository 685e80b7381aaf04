#pragma once

#include "libstos/base/demangle.hpp"
#include "libstos/code/named_values.hpp"
#include "libstos/service/keyed/agent_class.hpp"
#include "libstos/service/keyed/written_call.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos::keyed {

/// How groups call agents of class A; made by AgentTypes::add(), which see.
template <class A>
class TypedAgent final : public detail::AgentType {
public:
  /// What the leader does outside after a query (or a command, a timeout), once that is committed.
  /// It may be lost with a leader that dies before it has done so, and it never happens twice for a
  /// command. What a group's agents do outside is done in order, one at a time, on a thread that
  /// other groups do not wait for; the caller may have its answer before it is done.
  template <class Q, class F>
  TypedAgent& after_query(F effect) {
    constexpr std::uint32_t number = detail::number_in<Q>(typename A::Queries{});
    std::get<number>(after_query_) = std::move(effect);
    return *this;
  }
  template <class C, class F>
  TypedAgent& after_command(F effect) {
    constexpr std::uint32_t number = detail::number_in<C>(typename A::Commands{});
    std::get<number>(after_command_) = std::move(effect);
    return *this;
  }
  template <class F>
  TypedAgent& after_timeout(F effect) {
    after_timeout_ = std::move(effect);
    return *this;
  }

  [[nodiscard]] std::string_view name() const override { return A::name; }

  [[nodiscard]] detail::State load(BytesReader& in) const override {
    auto state = std::make_shared<Held>();
    return stos::load(in, state->agent) ? state : nullptr;
  }

  [[nodiscard]] detail::Called query(const detail::State& state, std::uint32_t number,
                                     std::span<const std::byte> query, const QueryContext& context,
                                     std::vector<Effect>* effects) const override {
    return detail::by_number(typename A::Queries{}, number, "query", [&]<class Q>() {
      return call<Q>(query, [&](std::shared_ptr<Q> asked) {
        using R = QueryReply<A, Q>;
        const auto held = std::static_pointer_cast<const Held>(state);
        auto reply = std::make_shared<R>(value_of(
            [&]() -> decltype(auto) { return detail::call_query(held->agent, *asked, context); }));
        detail::Called called = saved(*reply);
        constexpr std::uint32_t at = detail::number_in<Q>(typename A::Queries{});
        if (const auto& after = std::get<at>(after_query_); after && effects != nullptr)
          effects->push_back([after, id = context.id(), held, asked, reply] {
            after({id, held->agent, *asked, *reply});
          });
        return called;
      });
    });
  }

  [[nodiscard]] detail::Called command(detail::State& state, std::uint32_t number,
                                       std::span<const std::byte> command, CommandContext& context,
                                       std::vector<Effect>* effects) const override {
    return detail::by_number(typename A::Commands{}, number, "command", [&]<class C>() {
      return call<C>(command, [&](std::shared_ptr<C> told) {
        using R = CommandReply<A, C>;
        constexpr std::uint32_t at = detail::number_in<C>(typename A::Commands{});
        const auto& after = std::get<at>(after_command_);
        const bool has_effect = after && effects != nullptr;
        constexpr bool cannot_fail = detail::is_noexcept_command<A, C>() && stos::detail::is_raw<R>;
        const std::shared_ptr<Held> before = std::static_pointer_cast<Held>(state);
        // A copy, so that an exception leaves nothing behind. (`state` and `before` share it.)
        std::shared_ptr<Held> now = before;
        if (!before)
          now = std::make_shared<Held>();
        else if (!cannot_fail || has_effect || state.use_count() > 3)
          now = std::make_shared<Held>(*before);
        auto reply = std::make_shared<R>(value_of(
            [&]() -> decltype(auto) { return detail::call_command(now->agent, *told, context); }));
        detail::Called called = saved(*reply);
        if (called.how != detail::Called::How::returned)
          return called;
        state = context.deactivates() ? nullptr : now;
        if (has_effect)
          effects->push_back([after, id = context.id(), before, told, reply,
                              then = context.deactivates() ? nullptr : now] {
            after({id, before ? &before->agent : nullptr, *told, *reply,
                   then ? &then->agent : nullptr});
          });
        return called;
      });
    });
  }

  [[nodiscard]] Result<std::pair<std::uint32_t, std::vector<std::byte>>>
  read_call(bool is_command, std::string_view name, const ValueTree& fields) const override {
    return is_command
               ? detail::read_call_of(typename A::Commands{}, "command", A::name, name, fields)
               : detail::read_call_of(typename A::Queries{}, "query", A::name, name, fields);
  }

  [[nodiscard]] Result<ValueTree> show_reply(bool is_command, std::uint32_t number,
                                             std::span<const std::byte> reply) const override {
    std::optional<ValueTree> tree;
    const auto show = [&]<class R>(std::type_identity<R>) {
      BytesReader in(reply);
      const std::optional<R> read = load_new<R>(in);
      if (read && in.at_end())
        tree = tree_of(*read);
      return detail::Called{};
    };
    static_cast<void>(
        is_command ? detail::by_number(
                         typename A::Commands{}, number, "command",
                         [&]<class C>() { return show(std::type_identity<CommandReply<A, C>>{}); })
                   : detail::by_number(typename A::Queries{}, number, "query", [&]<class Q>() {
                       return show(std::type_identity<QueryReply<A, Q>>{});
                     }));
    if (!tree)
      return Error{Errc::bad_message, "the reply is of another class"};
    return *std::move(tree);
  }

  [[nodiscard]] detail::Called timeout(detail::State& state, TimeoutContext& context,
                                       std::vector<Effect>* effects) const override {
    const auto before = std::static_pointer_cast<Held>(state);
    if constexpr (detail::HasTimeout<A>) {
      auto now = std::make_shared<Held>(*before);
      detail::Called called =
          guarded([&] { return now->agent.timeout(context), detail::Called{}; });
      if (called.how != detail::Called::How::returned)
        return called;
      state = context.deactivates() ? nullptr : now;
      if (after_timeout_ && effects != nullptr)
        effects->push_back([after = after_timeout_, id = context.id(), before, time = context.now(),
                            then = context.deactivates() ? nullptr : now] {
          after({id, &before->agent, time, then ? &then->agent : nullptr});
        });
      return called;
    } else {
      return {detail::Called::How::is_no_call,
              {},
              "agents of type " + std::string(A::name) + " have no timeout(TimeoutContext&)"};
    }
  }

private:
  struct Held final : detail::AnyState {
    A agent{};

    [[nodiscard]] bool save(BytesWriter& out) const override {
      stos::save(out, agent);
      return out.ok();
    }
    [[nodiscard]] std::string json() const override { return to_json(tree_of(agent)); }
  };

  template <class F>
  static auto value_of(F f) {
    if constexpr (std::is_void_v<decltype(f())>) {
      f();
      return Nothing{};
    } else {
      return f();
    }
  }

  template <class F>
  static detail::Called guarded(F f) {
    try {
      return f();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      return {detail::Called::How::has_thrown, {}, e.what()};
    } catch (...) {
      return {detail::Called::How::has_thrown, {}, "an exception that is no std::exception"};
    }
  }

  template <class T, class F>
  static detail::Called call(std::span<const std::byte> bytes, F f) {
    BytesReader in(bytes);
    std::optional<T> argument = load_new<T>(in);
    if (!argument || !in.at_end())
      return {detail::Called::How::is_no_call,
              {},
              std::to_string(bytes.size()) + " bytes are no " +
                  stos::detail::demangle(typeid(T).name())};
    return guarded([&] { return f(std::make_shared<T>(*std::move(argument))); });
  }

  template <class R>
  static detail::Called saved(const R& reply) {
    BytesWriter out;
    save(out, reply);
    if (!out.ok())
      return {detail::Called::How::has_thrown,
              {},
              "its reply, a " + stos::detail::demangle(typeid(R).name()) + ", cannot be saved"};
    return {detail::Called::How::returned, out.take(), {}};
  }

  typename detail::AfterFunctions<A, typename A::Queries>::type after_query_;
  typename detail::AfterFunctions<A, typename A::Commands>::type after_command_;
  std::function<void(const AfterTimeout<A>&)> after_timeout_;
};

} // namespace stos::keyed
