#pragma once

#include "config/command_line.hpp"
#include "config/loader.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace stos::test {

/// A fresh directory that goes away with its owner.
class TempDir {
public:
  TempDir() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "stos-test-config-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

private:
  std::filesystem::path path_;
};

/// Loads `text` as the file `run.yaml`; errors then begin with `run.yaml:`, without the directory.
inline Result<RunOptions> load(std::string_view text, const RunOptions& base = {}) {
  const TempDir dir;
  Result<RunOptions> options = load_yaml(dir.write("run.yaml", text), base);
  if (options)
    return options;
  Error error = options.error();
  const std::string prefix = dir.path().string() + "/";
  for (auto at = error.context.find(prefix); at != std::string::npos;
       at = error.context.find(prefix))
    error.context.erase(at, prefix.size());
  return error;
}

/// The error text of a result that must have failed with `code`.
template <class T>
std::string failure(const Result<T>& result, Errc code = Errc::bad_config) {
  REQUIRE_FALSE(result);
  CHECK(to_string(result.error().code) == to_string(code));
  return result.error().context;
}

/// The options of a result that must be good; a failure shows its text.
inline RunOptions good(const Result<RunOptions>& result) {
  INFO((result ? std::string("good") : result.error().context));
  REQUIRE(result);
  return *result;
}

/// The main() arguments of a program called "prog".
class Arguments {
public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
    words_.insert(words_.begin(), "/usr/bin/prog");
    for (std::string& word : words_)
      pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  int count() const { return static_cast<int>(words_.size()); }
  char** values() { return pointers_.data(); }

private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

} // namespace stos::test
