#include "libstos/code/naming_inspector.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hexadecimal.hpp"

namespace stos {

bool NamingInspector::number(std::int64_t x) {
  return put(ValueTree::of_literal(std::to_string(x)));
}
bool NamingInspector::number(std::uint64_t x) { return put(ValueTree::of_number(x)); }
bool NamingInspector::number(double x) { return put(ValueTree::of_number(x)); }
bool NamingInspector::number(float x) {
  ValueTree value = ValueTree::of_number(static_cast<double>(x));
  value.text = exact_text(x); // fewer digits tell it apart from all other ones
  return put(std::move(value));
}
bool NamingInspector::boolean(bool x) { return put(ValueTree::of_literal(x ? "true" : "false")); }
bool NamingInspector::text(std::string_view x) { return put(ValueTree::of_text(x)); }
bool NamingInspector::nothing() { return put(ValueTree::of_literal("null")); }

bool NamingInspector::character(char x) {
  const auto code = static_cast<unsigned char>(x);
  return code < 0x80 ? text({&x, 1}) : number(std::uint64_t{code});
}

bool NamingInspector::bytes(std::span<const std::byte> x) { return text("0x" + hexadecimal(x)); }

// More than one value in one place are an array of them.
ValueTree& NamingInspector::place_for(ValueTree::Kind kind) {
  if (place_->kind == ValueTree::Kind::none ||
      (kind == ValueTree::Kind::object && place_->kind == kind))
    return *place_;
  if (place_ != several_) {
    ValueTree first = std::exchange(*place_, ValueTree::empty_array());
    place_->name = std::exchange(first.name, {});
    place_->add(std::move(first));
    several_ = place_;
  }
  return place_->add({});
}

bool NamingInspector::put(ValueTree value) {
  ValueTree& place = place_for(value.kind);
  value.name = std::move(place.name);
  place = std::move(value);
  return ok_;
}

NamingInspector::Inside::Inside(NamingInspector& f, ValueTree::Kind kind)
    : f_(f), place_(f.place_), inside_(&f.place_for(kind)) {
  inside_->kind = kind;
}

void NamingInspector::Inside::next(std::string_view name) {
  ValueTree value;
  value.name = name;
  f_.place_ = &inside_->add(std::move(value));
}

bool NamingInspector::show(std::span<const AnyField> fields) {
  Inside inside(*this, ValueTree::Kind::object);
  for (const AnyField& field : fields) {
    place_ = &inside.tree().add(field.name, {});
    if (shows_ == Shows::types)
      text(detail::demangle(field.type));
    else if (!expect(field.show(*this, field.value)))
      return false;
  }
  return ok_;
}

} // namespace stos
