#pragma once

#include "libstos/agent/block_pool.hpp"
#include "libstos/agent/portable.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/causal/lambda.hpp"

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

struct ClosureOps {
  void (*run)(Closure&, AgentBase&);
  void (*destruct)(Closure&);
  std::uint64_t id; ///< identity of the code: the same in every run of one build
  std::size_t bytes;
  std::size_t alignment;
  const char* name;
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

/// The identity of a closure type's code, from its mangled name. The N of ThreadPool<N> plays no
/// part in it, so that a model that is a template of its simulation has one digest for all N.
[[nodiscard]] std::uint64_t code_id(const char* mangled_name);

template <class Target, class Function, class... Args>
struct TypedClosure final : Closure {
  template <class F, class... As>
  explicit TypedClosure(F&& f, As&&... as)
      : function(std::forward<F>(f)), arguments(std::forward<As>(as)...) {
    ops = &table();
  }

  static void run(Closure& self, AgentBase& agent) {
    auto& closure = static_cast<TypedClosure&>(self);
    std::apply(
        [&](Args&... as) { closure.function(static_cast<Target&>(agent), std::move(as)...); },
        closure.arguments);
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

  // The mangled name of a closure type tells the lambdas of one function apart by a counter.
  static const ClosureOps& table() {
    static const ClosureOps ops{&run,
                                &destruct,
                                code_id(typeid(Function).name()),
                                sizeof(TypedClosure),
                                alignof(TypedClosure),
                                typeid(Function).name()};
    return ops;
  }

  [[no_unique_address]] Function function;
  [[no_unique_address]] std::tuple<Args...> arguments;
};

/// Frees a lambda with its code and data. Its memory goes to `pool`, if it has come from one (or
/// stays with the world where none is at hand).
void discard(Closure& lambda, BlockPool* pool);

/// Makes a lambda, in the memory of `pool` if there is one.
template <class Target, class F, class... Args>
Closure* make_closure(BlockPool* pool, F&& f, Args&&... args) {
  using Function = std::decay_t<F>;
  static_assert(std::is_invocable_v<Function&, Target&, std::decay_t<Args>...>,
                "stos: a lambda must be callable with a reference to the receiving agent, followed "
                "by the arguments that are sent with it");
  using Typed = TypedClosure<Target, Function, std::decay_t<Args>...>;
  if constexpr (!BlockPool::serves(sizeof(Typed), alignof(Typed)))
    pool = nullptr;
  Closure* closure = new (pool) Typed(std::forward<F>(f), std::forward<Args>(args)...);
  closure->from_pool = pool != nullptr;
  return closure;
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
  static_assert((Portable<Args> && ...),
                "stos: an argument of this lambda cannot be serialised. Give its type a CAF "
                "`inspect` overload, or use send_local for lambdas that never leave their node");
}

} // namespace detail
} // namespace stos
