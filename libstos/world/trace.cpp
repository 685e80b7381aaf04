#include "libstos/world/trace.hpp"

#include "libstos/base/plain_text.hpp"

#include <algorithm>
#include <tuple>

namespace stos {
namespace {

const char* name_of(TraceRecord::Kind kind) {
  switch (kind) {
    case TraceRecord::Kind::birth: return "birth";
    case TraceRecord::Kind::event: return "event";
    case TraceRecord::Kind::turn: return "turn";
    case TraceRecord::Kind::death: return "death";
    case TraceRecord::Kind::end: return "end";
  }
  return "";
}

void write(std::ostream& out, const TraceRecord& r) {
  out << name_of(r.kind) << '\t' << r.agent.value << '\t' << r.type << '\t' << r.local_time;
  for (std::size_t i = 0; i < 4; ++i)
    out << '\t' << r.point[i];
  for (std::size_t i = 0; i < 3; ++i)
    out << '\t' << r.velocity[i];
  out << '\t' << r.source.value << '\t' << r.channel.value << '\t' << r.sequence;
  for (std::size_t i = 0; i < 4; ++i)
    out << '\t' << r.emission[i];
  out << '\t' << r.lambda_id << '\n';
}

} // namespace

bool is_earlier(const TraceRecord& a, const TraceRecord& b) {
  return std::tuple(a.point[0], a.agent, a.ordinal) < std::tuple(b.point[0], b.agent, b.ordinal);
}

std::string format_trace(std::vector<TraceRecord> records) {
  std::sort(records.begin(), records.end(), is_earlier);
  return std::string(detail::header_of_trace()) + detail::lines_of_trace(records);
}

namespace detail {

std::string_view header_of_trace() {
  return "kind\tagent\ttype\tlocal_time\tt\tx\ty\tz\tux\tuy\tuz\tsource\tchannel\tsequence"
         "\temission_t\temission_x\temission_y\temission_z\tlambda\n";
}

std::string lines_of_trace(std::span<const TraceRecord> records) {
  PlainText out;
  out.precision(17);
  for (const TraceRecord& record : records)
    write(out, record);
  return out.str();
}

} // namespace detail
} // namespace stos
