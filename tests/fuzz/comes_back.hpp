#pragma once

#include "libstos/base/bytes.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <span>

namespace stos::fuzz {

/// What `read` makes of all these bytes comes back from what it is written as; of others, nothing
/// is to be said.
template <class Read>
void comes_back(std::span<const std::byte> bytes, Read&& read) {
  BytesReader in(bytes);
  const auto value = read(in);
  if (!in.at_end())
    return;
  BytesWriter out;
  write(value, out);
  BytesReader again(out.bytes());
  require(read(again) == value && again.at_end());
}

} // namespace stos::fuzz
