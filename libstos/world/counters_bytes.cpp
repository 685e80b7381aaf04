#include "libstos/world/counters_bytes.hpp"

namespace stos::detail {

void write_counters(const RunCounters& c, BytesWriter& out) {
  for (const std::uint64_t count : {c.agents_born, c.agents_died, c.sent, c.absorbed, c.in_flight,
                                    c.dropped, c.digest.value(), c.values.value()})
    out.u64(count);
  out.f64(c.last_event_time);
}

void read_counters(RunCounters& c, BytesReader& in) {
  for (std::uint64_t* count :
       {&c.agents_born, &c.agents_died, &c.sent, &c.absorbed, &c.in_flight, &c.dropped})
    *count = in.u64();
  c.digest = RunDigest::from_value(in.u64());
  c.values = RunDigest::from_value(in.u64());
  c.last_event_time = in.f64();
}

} // namespace stos::detail
