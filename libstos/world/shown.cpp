#include "libstos/world/shown.hpp"

#include "libstos/base/hexadecimal.hpp"
#include "libstos/code/named_values.hpp"

namespace stos::detail {

bool show_channel(NamingInspector& f, const Channel& channel) {
  NamingInspector::Inside inside(f, ValueTree::Kind::object);
  inside.next("channel");
  f.number(std::uint64_t{channel.number.value});
  inside.next("to");
  return name_value(f, channel.to->id);
}

bool show_reference(NamingInspector& f, Ticket reference) {
  return reference == Ticket{} ? f.nothing() : f.text("0x" + hexadecimal(reference.id));
}

} // namespace stos::detail
