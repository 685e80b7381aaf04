#pragma once

#include "libstos/base/huge_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace stos::detail {

/// Sends `bytes` as the data of one message after the other, the first ones of which say that more
/// follow, so that other messages get through between them. Nothing is sent of no bytes.
template <class Message, class Send>
void send_in_pieces(Message message, const std::vector<std::byte>& bytes, const Send& send) {
  constexpr std::size_t bytes_of_a_piece = std::size_t{64} << 10;
  for (std::size_t begin = 0; begin < bytes.size(); begin += bytes_of_a_piece) {
    const std::size_t size = std::min(bytes_of_a_piece, bytes.size() - begin);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    message.data.data.assign(first, first + static_cast<std::ptrdiff_t>(size));
    message.more = begin + size < bytes.size();
    send(message);
  }
}

/// What has come in pieces. Those after the first one are copied at once, into large blocks of
/// memory: to keep each of them would take many small ones, which the system hands out slowly.
class Pieces {
public:
  void add(std::vector<std::byte> piece) {
    bytes_ += piece.size();
    if (blocks_.empty())
      return blocks_.push_back(std::move(piece));
    if (std::vector<std::byte>& last = blocks_.back(); last.capacity() - last.size() < piece.size())
      reserve_large(blocks_.emplace_back(), std::max(bytes_of_a_block, piece.size()));
    blocks_.back().insert(blocks_.back().end(), piece.begin(), piece.end());
  }

  /// All of it; nothing is left here.
  [[nodiscard]] std::vector<std::byte> take() {
    std::vector<std::vector<std::byte>> blocks = std::exchange(blocks_, {});
    const std::size_t bytes = std::exchange(bytes_, 0);
    if (blocks.size() == 1)
      return std::move(blocks.front());
    std::vector<std::byte> all;
    reserve_large(all, bytes);
    for (const std::vector<std::byte>& block : blocks)
      all.insert(all.end(), block.begin(), block.end());
    return all;
  }

private:
  static constexpr std::size_t bytes_of_a_block = std::size_t{8} << 20;

  std::vector<std::vector<std::byte>> blocks_;
  std::size_t bytes_ = 0;
};

} // namespace stos::detail
