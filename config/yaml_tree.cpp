#include "config/yaml_tree.hpp"

#include "config/spelling.hpp"
#include "config/yaml_text.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

namespace stos {
namespace {

constexpr std::size_t places_max = 100'000;

class TreeReader {
public:
  explicit TreeReader(const std::string& file) : file_(file) {}

  Result<YamlTree> read(const YAML::Node& node) {
    if (++places_ > places_max)
      return fail(node, "more than " + std::to_string(places_max) + " values, with all aliases");
    const std::string& tag = node.Tag();
    if (!tag.empty() && tag != "?" && tag != "!")
      return fail(node, "YAML tags are not allowed, got " + detail::quote(tag));
    YamlTree tree;
    tree.line = line(node);
    if (node.IsScalar()) {
      tree.kind = YamlTree::Kind::text;
      tree.text = node.Scalar();
    } else if (node.IsSequence()) {
      tree.kind = YamlTree::Kind::list;
      for (const YAML::Node& item : node) {
        Result<YamlTree> read_item = read(item);
        if (!read_item)
          return read_item;
        tree.items.push_back(*std::move(read_item));
      }
    } else if (node.IsMap()) {
      tree.kind = YamlTree::Kind::map;
      if (Result<void> done = read_entries(node, tree); !done)
        return done.error();
    }
    return tree;
  }

private:
  Result<void> read_entries(const YAML::Node& map, YamlTree& tree) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar())
        return fail(entry.first, "a name must be a word");
      const std::string& name = entry.first.Scalar();
      if (tree.find(name) != nullptr)
        return fail(entry.first, detail::quote(name) + " is given twice");
      Result<YamlTree> value = read(entry.second);
      if (!value)
        return value.error();
      tree.entries.push_back({name, line(entry.first), *std::move(value)});
    }
    return {};
  }

  static int line(const YAML::Node& node) { return node.Mark().line + 1; }
  Error fail(const YAML::Node& node, const std::string& text) const {
    return {Errc::bad_config, file_ + ":" + std::to_string(line(node)) + ": " + text};
  }

  const std::string& file_;
  std::size_t places_ = 0;
};

} // namespace

const YamlTree* YamlTree::find(const std::string& name) const {
  const auto found = std::ranges::find(entries, name, &Entry::name);
  return found != entries.end() ? &found->value : nullptr;
}

Result<YamlTree> read_yaml_tree(const std::filesystem::path& path, const std::string& what) {
  const Result<std::string> text = detail::read_yaml_file(path, what);
  if (!text)
    return text.error();
  return parse_yaml_tree(path.string(), *text, what);
}

Result<YamlTree> parse_yaml_tree(const std::string& name, const std::string& text,
                                 const std::string& what) {
  if (Result<void> done = detail::check_yaml_text(name, text, what); !done)
    return done.error();
  try {
    return TreeReader(name).read(YAML::Load(text));
  } catch (const YAML::Exception& problem) {
    return detail::invalid_yaml(name, problem);
  }
}

} // namespace stos
