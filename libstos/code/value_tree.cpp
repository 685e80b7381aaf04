#include "libstos/code/value_tree.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <unordered_map>

namespace stos {
namespace {

void write(const ValueTree& tree, JsonWriter& json);

// How long it is on one line, about; no more than is asked for.
std::size_t length(const ValueTree& tree, std::size_t most) {
  std::size_t sum = tree.text.size() + 2;
  for (const ValueTree& child : tree.children) {
    if (sum >= most)
      break;
    sum += child.name.size() + 4 + length(child, most - sum);
  }
  return sum;
}

// For people, what is short is better read on one line.
void write_indented(const ValueTree& tree, JsonWriter& json) {
  constexpr std::size_t line_max = 90;
  if (tree.is_leaf() || length(tree, line_max) < line_max) {
    json.literal(to_json(tree, JsonWriter::Form::spaced));
    return;
  }
  const bool is_object = tree.kind == ValueTree::Kind::object;
  is_object ? json.begin_object() : json.begin_array();
  for (const ValueTree& child : tree.children) {
    if (is_object)
      json.name(child.name);
    write_indented(child, json);
  }
  is_object ? json.end_object() : json.end_array();
}

void write(const ValueTree& tree, JsonWriter& json) {
  switch (tree.kind) {
    case ValueTree::Kind::none: json.literal("null"); break;
    case ValueTree::Kind::literal: json.literal(tree.text); break;
    case ValueTree::Kind::text: json.value(tree.text); break;
    case ValueTree::Kind::array:
      json.begin_array();
      for (const ValueTree& child : tree.children)
        write(child, json);
      json.end_array();
      break;
    case ValueTree::Kind::object:
      json.begin_object();
      for (const ValueTree& child : tree.children) {
        json.name(child.name);
        write(child, json);
      }
      json.end_object();
      break;
  }
}

bool is_word(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string field_of(const std::string& path, const std::string& name) {
  if (!is_word(name))
    return path + "[" + to_json(ValueTree::of_text(name)) + "]";
  return path.empty() ? name : path + "." + name;
}

std::string element_of(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

std::string short_json(const ValueTree& tree) {
  constexpr std::size_t characters_max = 100;
  std::string text = to_json(tree, JsonWriter::Form::spaced);
  if (text.size() <= characters_max)
    return text;
  std::size_t end = characters_max; // not within a character
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  text.resize(end);
  return text + "...";
}

/// Walks through two trees at a time.
class Comparison {
public:
  explicit Comparison(const SideNames& names) : names_(names) {}

  void compare(const ValueTree& a, const ValueTree& b, const std::string& path) {
    if (a.kind != b.kind || (a.is_leaf() && a.text != b.text))
      add(path + " is " + short_json(a) + " in " + names_.a + ", " + short_json(b) + " in " +
          names_.b);
    else if (a.kind == ValueTree::Kind::object)
      compare_objects(a, b, path);
    else if (a.kind == ValueTree::Kind::array)
      compare_arrays(a.children, b.children, path);
  }

  std::vector<std::string> take() { return std::move(found_); }

private:
  void add(std::string difference) { found_.push_back(std::move(difference)); }

  void add_missing(const std::string& path, const ValueTree& value, bool is_in_a) {
    add(path + " is in " + (is_in_a ? names_.a : names_.b) + " only: " + short_json(value));
  }

  using Fields = std::unordered_map<std::string_view, const ValueTree*>;
  static Fields fields_of(const ValueTree& object) {
    Fields fields;
    for (const ValueTree& field : object.children)
      fields.emplace(field.name, &field);
    return fields;
  }

  void compare_objects(const ValueTree& a, const ValueTree& b, const std::string& path) {
    if (std::ranges::equal(a.children, b.children, {}, &ValueTree::name, &ValueTree::name)) {
      for (std::size_t i = 0; i < a.children.size(); ++i)
        compare(a.children[i], b.children[i], field_of(path, a.children[i].name));
      return;
    }
    const Fields in_b = fields_of(b);
    for (const ValueTree& field : a.children) {
      const auto other = in_b.find(field.name);
      if (other == in_b.end())
        add_missing(field_of(path, field.name), field, true);
      else
        compare(field, *other->second, field_of(path, field.name));
    }
    const Fields in_a = fields_of(a);
    for (const ValueTree& field : b.children)
      if (!in_a.contains(field.name))
        add_missing(field_of(path, field.name), field, false);
  }

  // What is the same at the end says what is missing before it.
  void compare_arrays(std::span<const ValueTree> a, std::span<const ValueTree> b,
                      const std::string& path) {
    if (a.size() != b.size()) {
      add(path + " has " + std::to_string(a.size()) + (a.size() == 1 ? " element" : " elements") +
          " in " + names_.a + ", " + std::to_string(b.size()) + " in " + names_.b);
      while (!a.empty() && !b.empty() && a.back().same_as(b.back())) {
        a = a.first(a.size() - 1);
        b = b.first(b.size() - 1);
      }
    }
    const std::size_t both = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < both; ++i)
      compare(a[i], b[i], element_of(path, i));
    for (std::size_t i = both; i < a.size(); ++i)
      add_missing(element_of(path, i), a[i], true);
    for (std::size_t i = both; i < b.size(); ++i)
      add_missing(element_of(path, i), b[i], false);
  }

  SideNames names_;
  std::vector<std::string> found_;
};

} // namespace

ValueTree ValueTree::of_number(double number) {
  return std::isfinite(number) ? of_literal(exact_text(number)) : of_text(exact_text(number));
}

ValueTree ValueTree::of_numbers(const std::vector<double>& numbers) {
  ValueTree all = empty_array();
  for (const double number : numbers)
    all.add(of_number(number));
  return all;
}

ValueTree& ValueTree::add(ValueTree element) {
  children.push_back(std::move(element));
  return children.back();
}

ValueTree& ValueTree::add(std::string_view field, ValueTree value) {
  value.name = field;
  for (int number = 2; find(value.name) != nullptr; ++number)
    value.name = std::string(field) + "#" + std::to_string(number);
  return add(std::move(value));
}

const ValueTree* ValueTree::find(std::string_view field) const {
  const auto found = std::ranges::find(children, field, &ValueTree::name);
  return found == children.end() || kind != Kind::object ? nullptr : &*found;
}

bool ValueTree::same_as(const ValueTree& other) const {
  return kind == other.kind && text == other.text &&
         std::ranges::equal(children, other.children,
                            [this](const ValueTree& a, const ValueTree& b) {
                              return (kind != Kind::object || a.name == b.name) && a.same_as(b);
                            });
}

std::string to_json(const ValueTree& tree, JsonWriter::Form form) {
  JsonWriter json(form);
  if (form == JsonWriter::Form::indented)
    write_indented(tree, json);
  else
    write(tree, json);
  return json.take();
}

std::vector<std::string> differences(const ValueTree& a, const ValueTree& b,
                                     const SideNames& names) {
  Comparison comparison(names);
  comparison.compare(a, b, "");
  return comparison.take();
}

} // namespace stos
