#include "actors/messages/json_tree.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stos::detail {
namespace {

using Json = nlohmann::json;

/// Gets what nlohmann's parser sees, one after the other. Each of the calls says whether to go on.
class TreeBuilder {
public:
  bool null() { return put(ValueTree::of_literal("null")); }
  bool boolean(bool x) { return put(ValueTree::of_literal(x ? "true" : "false")); }
  bool number_integer(Json::number_integer_t x) {
    return put(ValueTree::of_literal(std::to_string(x)));
  }
  bool number_unsigned(Json::number_unsigned_t x) { return put(ValueTree::of_number(x)); }
  bool number_float(Json::number_float_t, const std::string& text) {
    return put(ValueTree::of_literal(text));
  }
  bool string(std::string& x) { return put(ValueTree::of_text(x)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(ValueTree::empty_object()); }
  bool start_array(std::size_t) { return open(ValueTree::empty_array()); }
  bool key(std::string& name) {
    if (open_.back()->find(name) != nullptr)
      return fail("field \"" + name + "\" is there twice");
    name_ = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t at, const std::string& last, const nlohmann::detail::exception&) {
    return fail("this is no JSON behind its first " + std::to_string(at > 0 ? at - 1 : 0) +
                " bytes, at \"" + last + "\"");
  }

  ValueTree tree;
  std::string why;

private:
  bool fail(std::string text) {
    why = std::move(text);
    return false;
  }
  ValueTree& add(ValueTree value) {
    if (open_.empty())
      return tree = std::move(value);
    ValueTree& in = *open_.back();
    return in.kind == ValueTree::Kind::object ? in.add(name_, std::move(value))
                                              : in.add(std::move(value));
  }
  bool put(ValueTree value) {
    add(std::move(value));
    return true;
  }
  bool open(ValueTree value) {
    if (open_.size() >= json_depth_max)
      return fail("values are more than " + std::to_string(json_depth_max) +
                  " deep within each other");
    open_.push_back(&add(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<ValueTree*> open_; // the last child of the one before: they stay where they are
  std::string name_;
};

} // namespace

Result<ValueTree> tree_of_json(std::string_view text) {
  TreeBuilder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder))
    return Error{Errc::bad_argument, builder.why};
  return std::move(builder.tree);
}

} // namespace stos::detail
