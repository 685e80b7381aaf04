#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/world/cell.hpp"

namespace stos::detail {

// An agent's record in bytes: who it is, its worldline, and what it has counted. Not its members,
// channels and lambdas; nor the number of its records in the trace, which say so themselves.
//
// Threads: none inside.

void write_record(const Cell& cell, BytesWriter& out);

/// What write_record() puts first, to find the record that the rest is for.
struct RecordName {
  AgentId agent;
  std::uint64_t type_id = 0;
};
[[nodiscard]] RecordName read_record_name(BytesReader& in);

/// Reads the rest into `cell`. False if the input is none that write_record() makes.
[[nodiscard]] bool read_record(BytesReader& in, Cell& cell);

} // namespace stos::detail
