#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/world/report.hpp"

#include <span>
#include <vector>

namespace stos::detail {

// Reports as bytes. That they could not be read, the reader tells.
//
// Threads: none inside.

void write_reports(std::span<const Report> reports, BytesWriter& out);
void read_reports(std::vector<Report>& reports, BytesReader& in);

} // namespace stos::detail
