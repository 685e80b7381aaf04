#include "actors/transport/host_name.hpp"

#include <netdb.h>
#include <sys/socket.h>
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
      [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !is_letter && !(c >= '0' && c <= '9') && c != '-';
      },
      '.');
  constexpr std::size_t most = 50;
  return result.empty() ? "node" : result.substr(0, most);
}

std::string lookup_problem(const std::string& host) {
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (status == 0) {
    freeaddrinfo(found);
    return {};
  }
  return "the name " + host + " does not resolve: " + gai_strerror(status);
}

} // namespace stos
