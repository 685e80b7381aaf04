#include "libstos/code/reading_inspector.hpp"

#include <charconv>

namespace stos {
namespace {

std::string seen(const ValueTree& tree) {
  constexpr std::size_t shown_max = 60;
  std::string text = to_json(tree, JsonWriter::Form::spaced);
  if (text.size() > shown_max)
    return tree.kind == ValueTree::Kind::object  ? "an object"
           : tree.kind == ValueTree::Kind::array ? "an array"
                                                 : "a long value";
  return text;
}

std::string field_of(const std::string& path, std::string_view field) {
  return (path.empty() ? "" : path + ".") + std::string(field);
}

} // namespace

bool ReadingInspector::fail(std::string why) {
  if (why_.empty())
    why_ = std::move(why);
  return false;
}

bool ReadingInspector::wanted(std::string_view what) {
  return fail((path_.empty() ? "" : "field " + path_ + ": ") + "wanted " + std::string(what) +
              ", got " + seen(*place_));
}

bool ReadingInspector::want_object() {
  return ok() &&
         (place_->kind == ValueTree::Kind::object || wanted("an object, {\"field\": value, ...}"));
}

bool ReadingInspector::want_array() {
  return ok() && (place_->kind == ValueTree::Kind::array || wanted("an array, [value, ...]"));
}

bool ReadingInspector::bytes(std::span<std::byte> into) {
  std::string_view text = place_->text;
  bool good = place_->kind == ValueTree::Kind::text && text.size() == 2 + 2 * into.size() &&
              text.starts_with("0x");
  if (good)
    for (std::byte& byte : into) {
      text.remove_prefix(2);
      unsigned number = 0;
      const auto [at, problem] = std::from_chars(text.data(), text.data() + 2, number, 16);
      good = good && problem == std::errc() && at == text.data() + 2;
      byte = static_cast<std::byte>(number);
    }
  return good || wanted("\"0x\" and " + std::to_string(2 * into.size()) +
                        " digits, since its type has no `inspect` that names its fields");
}

bool ReadingInspector::expect_valid(bool good) {
  return (good || fail((path_.empty() ? "" : "field " + path_ + ": ") +
                       "this value is not allowed: " + seen(*place_))) &&
         ok();
}

bool ReadingInspector::fail_missing(std::string_view field) {
  return fail("field " + field_of(path_, field) + " is missing");
}

ReadingInspector::Whole::Whole(ReadingInspector& f)
    : f_(f), before_(std::exchange(f.whole_, f.place_)) {
  if (before_ != f.place_)
    known_ = std::exchange(f.known_, {});
}

ReadingInspector::Whole::~Whole() {
  if (before_ != f_.whole_)
    f_.known_ = std::move(known_);
  f_.whole_ = before_;
}

bool ReadingInspector::Whole::is_read() {
  if (!f_.ok() || before_ == f_.place_ || f_.place_->kind != ValueTree::Kind::object)
    return f_.ok();
  for (const ValueTree& field : f_.place_->children)
    if (!f_.known_.contains(field.name)) {
      std::string names;
      for (const std::string_view name : f_.known_)
        names += (names.empty() ? "" : ", ") + std::string(name);
      return f_.fail("there is no field " + field_of(f_.path_, field.name) +
                     "; wanted: " + (names.empty() ? "none" : names));
    }
  return true;
}

ReadingInspector::Within::Within(ReadingInspector& f, const ValueTree& part)
    : f_(f), place_(std::exchange(f.place_, &part)), path_size_(f.path_.size()) {}

ReadingInspector::Within::Within(ReadingInspector& f, const ValueTree& part, std::string_view name)
    : Within(f, part) {
  f.path_ = field_of(f.path_, name);
}

ReadingInspector::Within::Within(ReadingInspector& f, const ValueTree& part, std::size_t index)
    : Within(f, part) {
  f.path_ += "[" + std::to_string(index) + "]";
}

ReadingInspector::Within::~Within() {
  f_.place_ = place_;
  f_.path_.resize(path_size_);
}

} // namespace stos
