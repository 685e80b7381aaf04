#include "libstos/service/keyed/id.hpp"

#include "libstos/base/content_hash.hpp"
#include "libstos/base/hexadecimal.hpp"

namespace stos::keyed {

Result<void> check(const Id& id) {
  const auto wrong = [](const char* name, const std::string& part) {
    return part.empty() ? std::string("the ") + name + " of a replicated agent is empty"
                        : std::string("the ") + name + " of a replicated agent has " +
                              std::to_string(part.size()) + " bytes; at most " +
                              std::to_string(Id::part_bytes_max) + " are allowed";
  };
  const auto is_right = [](const std::string& part) {
    return !part.empty() && part.size() <= Id::part_bytes_max;
  };
  if (!is_right(id.quota))
    return Error{Errc::bad_argument, wrong("quota", id.quota)};
  if (!is_right(id.type))
    return Error{Errc::bad_argument, wrong("type", id.type)};
  if (!is_right(id.key))
    return Error{Errc::bad_argument, wrong("key", id.key)};
  return {};
}

std::string to_string(const Id& id) { return id.quota + "/" + id.type + "/" + id.key; }

std::uint64_t hash_of(const Id& id) {
  BytesWriter out;
  write(id, out); // with sizes: "ab", "c" is not "a", "bc"
  return ContentHash::of(out.bytes()).high;
}

std::string to_string(Range range) {
  return hexadecimal(range.first) + "-" + hexadecimal(range.last);
}

void write(const Id& id, BytesWriter& out) {
  out.text(id.quota);
  out.text(id.type);
  out.text(id.key);
}

Id read_id(BytesReader& in) {
  Id id;
  id.quota = in.text();
  id.type = in.text();
  id.key = in.text();
  return id;
}

void write(Range range, BytesWriter& out) {
  out.u64(range.first);
  out.u64(range.last);
}

Range read_range(BytesReader& in) {
  Range range;
  range.first = in.u64();
  range.last = in.u64();
  if (!range.is_valid())
    in.fail();
  return range;
}

} // namespace stos::keyed
