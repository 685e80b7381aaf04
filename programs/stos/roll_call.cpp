#include "programs/stos/roll_call.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>

namespace stos::program {

// A name of the kernel's choice in Linux' abstract namespace: a zero byte, and five digits.
RollCall::RollCall() : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (!socket_ || bind(socket_.get(), generic, sizeof(sa_family_t)) != 0 ||
      getsockname(socket_.get(), generic, &size) != 0) {
    socket_.reset();
    return;
  }
  const std::size_t before_digits = offsetof(sockaddr_un, sun_path) + 1;
  if (size > before_digits)
    name_.assign(address.sun_path + 1, size - before_digits);
}

std::string RollCall::take() const {
  std::array<char, 64> text; // longer than any name of a node that we have given
  const ssize_t size = socket_ ? recv(socket_.get(), text.data(), text.size(), 0) : -1;
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

} // namespace stos::program
