#pragma once

#include "actors/messages/luggage.hpp"
#include "libstos/code/serialise.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/typed_actor.hpp>

/// Handles of ordinary actors as members of agents that move to other nodes: fields of `inspect`
/// like all others, also in containers. The agent can go on using them there, wherever the actors
/// are; where an actor is gone by then, the handle is empty. In a world that goes on from a cut
/// they are all empty. As arguments of lambdas they cannot travel: that is a compile error.
namespace stos::detail {

/// Keeps the handle for the agent that is being saved, and the other way round. Returns its number;
/// 0, and nothing is kept, if no agent is being saved.
[[nodiscard]] std::uint64_t pack_handle(caf::strong_actor_ptr handle);

/// False if there is none of that number, or no agent is being loaded.
[[nodiscard]] bool unpack_handle(std::uint64_t number, caf::strong_actor_ptr& handle);

/// A varint: 0 for an empty handle, else its number.
template <class Handle>
struct HandleCodec {
  static constexpr std::size_t bytes_min = 1;

  static bool save(SaveInspector& f, const Handle& x) {
    auto handle = caf::actor_cast<caf::strong_actor_ptr>(x);
    const bool is_empty = handle == nullptr;
    const bool is_left_out = is_empty || !packs_luggage();
    const std::uint64_t number = is_left_out ? 0 : pack_handle(std::move(handle));
    f.bytes().varint(number);
    return f.expect(is_left_out || number != 0);
  }

  static bool load(LoadInspector& f, Handle& x) {
    const std::uint64_t number = f.bytes().varint();
    caf::strong_actor_ptr handle;
    if (!f.expect(number == 0 || unpack_handle(number, handle)))
      return false;
    x = handle == nullptr ? Handle() : caf::actor_cast<Handle>(std::move(handle));
    return f.expect(true);
  }
};

template <>
struct Codec<caf::actor> : HandleCodec<caf::actor> {};
template <>
struct Codec<caf::strong_actor_ptr> : HandleCodec<caf::strong_actor_ptr> {};
template <class... Signatures>
struct Codec<caf::typed_actor<Signatures...>> : HandleCodec<caf::typed_actor<Signatures...>> {};

template <>
struct IsPortable<caf::actor> : std::false_type {};
template <>
struct IsPortable<caf::strong_actor_ptr> : std::false_type {};
template <class... Signatures>
struct IsPortable<caf::typed_actor<Signatures...>> : std::false_type {};

} // namespace stos::detail
