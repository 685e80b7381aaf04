#pragma once

#include "libstos/base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace stos {

/// A YAML document as a tree of texts that know their lines, for readers that give it a meaning.
/// JSON is read, too, being YAML.
struct YamlTree {
  enum class Kind { nothing, text, list, map };
  struct Entry;

  Kind kind = Kind::nothing;
  int line = 1;
  std::string text;
  std::vector<YamlTree> items;
  std::vector<Entry> entries; ///< in the order of the file, no name twice

  /// What stands under `name`; null if nothing does.
  [[nodiscard]] const YamlTree* find(const std::string& name) const;
};

struct YamlTree::Entry {
  std::string name;
  int line = 1;
  YamlTree value;
};

/// Reads the file at `path`, as strictly as load_yaml(): no tags, no name twice, one document,
/// UTF-8. `what` is what the file is for, as error texts say it: "configuration".
///
/// Limits:  1 MiB, and 100,000 places in the tree: aliases are copied.
/// Fails with Errc::io_error or Errc::bad_config and `file:line: what was seen`.
[[nodiscard]] Result<YamlTree> read_yaml_tree(const std::filesystem::path& path,
                                              const std::string& what);

/// The same of a text; `name` stands for the file in error texts.
[[nodiscard]] Result<YamlTree> parse_yaml_tree(const std::string& name, const std::string& text,
                                               const std::string& what);

} // namespace stos
