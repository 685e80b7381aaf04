#pragma once

#include "actors/transport/caf_version.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos::detail {

/// Bytes that CAF copies as a block, instead of one by one.
struct Bytes {
  std::vector<std::byte> data;

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Bytes& bytes) {
  if constexpr (std::is_same_v<Inspector, caf::binary_serializer>) {
    return f.begin_sequence(bytes.data.size()) &&
           f.value(caf_version::as_span(std::as_const(bytes.data))) && f.end_sequence();
  } else if constexpr (std::is_same_v<Inspector, caf::binary_deserializer>) {
    std::size_t size = 0;
    if (!f.begin_sequence(size) || size > f.remaining())
      return false;
    bytes.data.resize(size);
    return (size == 0 || f.value(caf_version::as_span(bytes.data))) && f.end_sequence();
  } else {
    return f.object(bytes).fields(f.field("data", bytes.data));
  }
}

} // namespace stos::detail
