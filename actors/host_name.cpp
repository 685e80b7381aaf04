#include "actors/host_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace stos {

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  std::string result = name;
  std::replace_if(
      result.begin(), result.end(),
      [](char c) { return (std::isalnum(static_cast<unsigned char>(c)) == 0) && c != '-'; }, '.');
  constexpr std::size_t most = 50;
  return result.empty() ? "node" : result.substr(0, most);
}

} // namespace stos
