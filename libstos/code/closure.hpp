#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/causal/lambda.hpp"
#include "libstos/code/block_pool.hpp"
#include "libstos/code/captures.hpp"
#include "libstos/code/code_registry.hpp"
#include "libstos/code/named_values.hpp"
#include "libstos/code/portable.hpp"
#include "libstos/code/serialise.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace stos {

class AgentBase;

namespace detail {

class Cell;
class Channel;
struct Closure;

/// Whether a lambda may go to another node: those of send() and after() may, those of send_local()
/// and after_local() and those from outside must not, whatever they are made of.
enum class Portability : std::uint8_t { node_bound, portable };

struct ClosureOps {
  void (*run)(Closure&, AgentBase&);

  /// The hash of what it captures and of its arguments, of the bytes that save() would append.
  /// Null if there is nothing to hash, or not all of it is Plain: then it is for save() to say.
  std::uint64_t (*hash)(const Closure&, std::uint64_t seed);

  void (*destruct)(Closure&);

  /// Appends what the lambda captures and its arguments; not what Closure and Lambda say of it.
  /// The writer fails if an argument cannot be saved. Null if the lambda is bound to its node.
  void (*save)(const Closure&, BytesWriter&);

  /// The lambda again, made in the memory of the pool, if there is one; null, and the reader has
  /// failed, if the input is none. It may be hostile, see load() in serialise.hpp; what a lambda
  /// captures is taken as it is. Null if the lambda is bound to its node.
  Closure* (*load)(BlockPool*, BytesReader&);

  /// Shows its arguments. Null if it has none, or is bound to its node.
  void (*show)(const Closure&, NamingInspector&);

  /// Whether the lambda is for agents of the class of this one. @pre it was not deleted
  bool (*fits)(const AgentBase&);

  std::uint64_t receiver; ///< AgentOps::type_id, if agents of that very class can take it
  std::uint64_t id;       ///< identity of the code, for traces: the same in every run of one build
  std::uint64_t type_id;  ///< of code, receiver's class and arguments, for find_closure()
  std::size_t bytes;
  std::size_t alignment;
  std::size_t captured_bytes; ///< those come first in what save() appends
  const char* name;           ///< of the code, mangled
  bool is_plain;              ///< all that the lambda brings lies in its own memory
};

/// A reference in transit that a lambda brings to its receiver.
struct CarriedReference {
  std::uint64_t ticket;
  Channel* hold; ///< keeps the referenced agent from running ahead until the lambda is absorbed
};

/// A lambda with its code and data, on its way or queued. Lives in the memory of its world, or on
/// the heap if it was made outside of any event, or is large.
struct Closure : Lambda {
  const ClosureOps* ops = nullptr;
  Cell* to = nullptr;
  std::unique_ptr<std::vector<CarriedReference>> references; ///< null for almost all
};
static_assert(sizeof(Closure) <= 112, "two cache lines hold it with 16 bytes of captures");

/// The identity of a closure type's code, from its mangled name. The N of ThreadPool<N> plays no
/// part in it, so that a model that is a template of its simulation has one trace for all N.
[[nodiscard]] std::uint64_t code_id(const char* mangled_name);

/// An argument whose serialised form is its own bytes, the same ones for equal values.
template <class T>
concept PlainArgument = std::is_same_v<T, bool> ||(Portable<T>&& Plain<T>&& is_raw<T>);

template <Portability portability, class Target, class Function, class... Args>
struct TypedClosure final : Closure {
  static constexpr bool is_portable = portability == Portability::portable;

  static constexpr std::size_t captured_bytes = std::is_empty_v<Function> ? 0 : sizeof(Function);

  /// How many bytes hash() hashes; 0: it has nothing, or it is for save() to say what.
  static constexpr std::size_t plain_bytes = [] {
    constexpr std::size_t plain_bytes_max = 256;
    if constexpr (Plain<Function> && (PlainArgument<Args> && ...)) {
      constexpr std::size_t all = captured_bytes + (Codec<Args>::bytes_min + ... + 0);
      return all <= plain_bytes_max ? all : 0;
    } else {
      return std::size_t{0};
    }
  }();

  template <class F, class... As>
  explicit TypedClosure(F&& f, As&&... as)
      : function(std::forward<F>(f)), arguments(std::forward<As>(as)...) {
    ops = &table();
  }

  /// In the memory of `pool`, if there is one and it has blocks of this size.
  template <class F, class... As>
  static Closure* create(BlockPool* pool, F&& f, As&&... as) {
    if constexpr (!BlockPool::serves(sizeof(TypedClosure), alignof(TypedClosure)))
      pool = nullptr;
    Closure* closure = new (pool) TypedClosure(std::forward<F>(f), std::forward<As>(as)...);
    closure->from_pool = pool != nullptr;
    return closure;
  }

  static void run(Closure& self, AgentBase& agent) {
    auto& closure = static_cast<TypedClosure&>(self);
    std::apply(
        [&](Args&... as) { closure.function(static_cast<Target&>(agent), std::move(as)...); },
        closure.arguments);
  }
  static bool fits([[maybe_unused]] const AgentBase& agent) {
    if constexpr (std::is_same_v<Target, AgentBase>) // not known here, but all agents are
      return true;
    else
      return dynamic_cast<const Target*>(&agent) != nullptr;
  }
  static void destruct(Closure& self) { static_cast<TypedClosure&>(self).~TypedClosure(); }

  static void* operator new(std::size_t bytes, BlockPool* pool) {
    return pool != nullptr ? pool->allocate(bytes)
                           : ::operator new (bytes, std::align_val_t{alignof(TypedClosure)});
  }
  static void operator delete(void* memory, BlockPool* pool) {
    if (pool != nullptr)
      pool->give_back(memory, sizeof(TypedClosure));
    else
      ::operator delete (memory, std::align_val_t{alignof(TypedClosure)});
  }

  static std::uint64_t hash(const Closure& self, std::uint64_t seed) requires(plain_bytes > 0) {
    const auto& closure = static_cast<const TypedClosure&>(self);
    std::array<std::byte, plain_bytes> bytes;
    std::byte* at = bytes.data();
    const auto put = [&at]<class T>(const T& value, std::size_t size) {
      if (size == 0)
        return;
      copy_raw(at, value);
      at += size;
    };
    put(closure.function, captured_bytes);
    std::apply([&](const Args&... as) { (put(as, Codec<Args>::bytes_min), ...); },
               closure.arguments);
    return hash_bytes(bytes, seed);
  }
  static void save(const Closure& self, BytesWriter& bytes) requires is_portable {
    const auto& closure = static_cast<const TypedClosure&>(self);
    if constexpr (!std::is_empty_v<Function>)
      save_raw(bytes, closure.function);
    stos::save(bytes, closure.arguments);
  }
  static Closure* load(BlockPool* pool, BytesReader& from) requires is_portable {
    std::array<std::byte, sizeof(Function)> captured{};
    if constexpr (!std::is_empty_v<Function>)
      from.copy(captured.data(), captured.size());
    auto loaded = load_new<std::tuple<Args...>>(from);
    if (!loaded)
      return nullptr;
    return std::apply(
        [&](Args&... as) { // a function object has no default constructor: it is made of its bytes
          return create(pool, std::bit_cast<Function>(captured), std::move(as)...);
        },
        *loaded);
  }

  [[gnu::cold]] static void show(const Closure& self, NamingInspector& f) {
    static_cast<void>(f.apply(static_cast<const TypedClosure&>(self).arguments));
  }

  // The mangled name of a closure type tells the lambdas of one function apart by a counter.
  static const ClosureOps& table() {
    if constexpr (is_portable) {
      static_cast<void>(&registered); // so that there is one
      static const ClosureOps ops = make_table(&save, &load);
      return ops;
    } else {
      static const ClosureOps ops = make_table(nullptr, nullptr);
      return ops;
    }
  }

  [[no_unique_address]] Function function;
  [[no_unique_address]] std::tuple<Args...> arguments;

private:
  static ClosureOps make_table(decltype(ClosureOps::save) save_it,
                               decltype(ClosureOps::load) load_it) {
    decltype(ClosureOps::hash) hash_it = nullptr;
    if constexpr (plain_bytes > 0)
      hash_it = &hash;
    decltype(ClosureOps::show) show_it = nullptr;
    if constexpr (is_portable && sizeof...(Args) > 0)
      show_it = &show;
    return {&run,
            hash_it,
            &destruct,
            save_it,
            load_it,
            show_it,
            &fits,
            hash_text(typeid(Target).name()),
            code_id(typeid(Function).name()),
            hash_text(typeid(TypedClosure).name()),
            sizeof(TypedClosure),
            alignof(TypedClosure),
            captured_bytes,
            typeid(Function).name(),
            std::is_trivially_copyable_v<Function> && (std::is_trivially_copyable_v<Args> && ...)};
  }

  static inline const Registered<ClosureOps> registered{table()};
};

/// Frees a lambda with its code and data. Its memory goes to `pool`, if it has come from one (or
/// stays with the world where none is at hand).
void discard(Closure& lambda, BlockPool* pool);

/// Makes a lambda, in the memory of `pool` if there is one.
template <Portability portability, class Target, class F, class... Args>
Closure* make_closure(BlockPool* pool, F&& f, Args&&... args) {
  using Function = std::decay_t<F>;
  static_assert(std::is_invocable_v<Function&, Target&, std::decay_t<Args>...>,
                "stos: a lambda must be callable with a reference to the receiving agent, followed "
                "by the arguments that are sent with it");
  return TypedClosure<portability, Target, Function, std::decay_t<Args>...>::create(
      pool, std::forward<F>(f), std::forward<Args>(args)...);
}

/// Compile-time part of the rule that every lambda can travel to another node.
template <class F, class... Args>
constexpr void require_portable() {
  static_assert(std::is_class_v<std::decay_t<F>>,
                "stos: a pointer to a function means nothing on another node; wrap the call in a "
                "lambda");
  static_assert(std::is_trivially_copyable_v<std::decay_t<F>>,
                "stos: this lambda captures something that cannot travel to another node as plain "
                "bytes. Pass it as an argument behind the lambda instead, "
                "send([](T& agent, std::string text) {...}, text), or use send_local for lambdas "
                "that never leave their node");
  static_assert(
      !holds_address<std::decay_t<F>>,
      "stos: this lambda captures `this`, a pointer or a reference, which mean nothing on "
      "another node, nor once their object is gone. The agent that absorbs a lambda is "
      "its first parameter; capture or pass values, or use send_local or after_local for "
      "lambdas that never leave their node");
  static_assert((lacks_default_constructor<std::decay_t<Args>> + ... + 0) == 0,
                "stos: an argument of this lambda has an `inspect` overload but no default "
                "constructor, without which it cannot be loaded on another node");
  static_assert(
      (!is_hash_table<std::decay_t<Args>> && ...),
      "stos: an argument of this lambda is a hash table, which does not travel: its order "
      "could differ on the other node. Use std::map or std::set");
  static_assert((Portable<Args> && ...),
                "stos: an argument of this lambda cannot be serialised. Give its type a CAF "
                "`inspect` overload, or use send_local for lambdas that never leave their node");
}

} // namespace detail
} // namespace stos
