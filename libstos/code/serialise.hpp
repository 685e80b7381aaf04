#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/code/codec.hpp"
#include "libstos/code/container_codecs.hpp"
#include "libstos/code/inspector.hpp"
#include "libstos/code/portable.hpp"
#include "libstos/code/value_codecs.hpp"

#include <optional>

namespace stos {

/// Appends `x`. Check `to.ok()` in the end: it is false if the `inspect` of some part of `x` has
/// failed, and for objects that hold each other more than Inspector::depth_max deep.
///
/// Format: what is trivially copyable, its own bytes; a type with an `inspect` overload, its
/// fields;
///         a string or container, a varint for the number of elements, then these; an optional or a
///         unique_ptr, a byte 0 or 1 first; a variant, a varint for the alternative first.
template <Portable T>
void save(BytesWriter& to, const T& x) {
  SaveInspector f(to);
  if (!detail::save_value(f, x))
    to.fail();
}

/// Reads what save() has written. False, and `from` has failed, if the input is none of a T; then
/// `x` is a value, but an unspecified one.
///
/// The input may be hostile: whatever it says, the memory that is allocated is in proportion to
/// what is left of it. Only in structures that are read as their own bytes nothing is checked; put
/// no pointers, bools or enumerations there that must not have any other value, or give them an
/// `inspect`.
template <Portable T>
[[nodiscard]] bool load(BytesReader& from, T& x) {
  LoadInspector f(from);
  if (!detail::load_value(f, x))
    from.fail();
  return from.ok();
}

/// The same for types that need not have a default constructor.
template <Portable T>
[[nodiscard]] std::optional<T> load_new(BytesReader& from) {
  LoadInspector f(from);
  std::optional<T> x = detail::create_value<T>(f);
  if (!x || !from.ok()) {
    from.fail();
    return std::nullopt;
  }
  return x;
}

} // namespace stos
