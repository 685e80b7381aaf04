#pragma once

#include "libstos/stos.hpp"
#include "tests/keyed/made_up_agents.hpp"

#include <unistd.h>

#include <filesystem>
#include <string>

namespace stos::test {

/// The classes of made_up_agents.hpp.
inline keyed::AgentTypes made_up_types() {
  keyed::AgentTypes types;
  add_all(types);
  return types;
}

/// A folder that is removed in the end.
class FolderForTest {
public:
  FolderForTest() {
    std::string name = (std::filesystem::temp_directory_path() / "stos-hosting-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~FolderForTest() { std::filesystem::remove_all(path); }
  FolderForTest(const FolderForTest&) = delete;
  FolderForTest& operator=(const FolderForTest&) = delete;

  std::string path;
};

} // namespace stos::test
