#pragma once

#include "libstos/base/bytes.hpp"

#include <cstdint>
#include <string>

namespace stos::detail {

// For types that list their members once, in the order of their bytes, for both directions: a
// function each_member(x, visit) that calls visit() for each of them.
//
// Threads: none inside.

/// Writes the members that it visits.
struct MemberWriter {
  BytesWriter& out;

  void operator()(std::uint64_t value) const { out.varint(value); }
  void operator()(double value) const { out.f64(value); }
  void operator()(const std::string& value) const { out.text(value); }
};

/// Reads the members that it visits; that they could not be read, `in` tells.
struct MemberReader {
  BytesReader& in;

  void operator()(std::uint64_t& value) const { value = in.varint(); }
  void operator()(double& value) const { value = in.f64(); }
  void operator()(std::string& value) const { value = in.text(); }
};

} // namespace stos::detail
