#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace stos::detail {

/// Sends `bytes` as the data of one message after the other, the first ones of which say that more
/// follow, so that other messages get through between them. Nothing is sent of no bytes.
template <class Message, class Send>
void send_in_pieces(Message message, const std::vector<std::byte>& bytes, const Send& send) {
  constexpr std::size_t bytes_of_a_piece = std::size_t{4} << 20;
  for (std::size_t begin = 0; begin < bytes.size(); begin += bytes_of_a_piece) {
    const std::size_t size = std::min(bytes_of_a_piece, bytes.size() - begin);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    message.data.data.assign(first, first + static_cast<std::ptrdiff_t>(size));
    message.more = begin + size < bytes.size();
    send(message);
  }
}

} // namespace stos::detail
