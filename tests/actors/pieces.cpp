#include "actors/messages/pieces.hpp"

#include "actors/run/piece_window.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace stos::detail {
namespace {

struct PieceOfTest {
  struct {
    std::vector<std::byte> data;
  } data;
  bool more = false;
};

std::vector<std::byte> numbered(std::size_t size) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::byte>(i * 7 + i / 251));
  return bytes;
}

TEST_CASE("what goes in pieces comes out as it was") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{65'536}, std::size_t{65'537},
                                 std::size_t{200'000}, std::size_t{20'000'000}}) {
    INFO(size);
    const std::vector<std::byte> bytes = numbered(size);
    Pieces pieces;
    std::size_t sent = 0;
    bool more = true;
    send_in_pieces(PieceOfTest{}, bytes, [&](PieceOfTest piece) {
      CHECK(more);
      more = piece.more;
      ++sent;
      pieces.add(std::move(piece.data.data));
    });
    CHECK_FALSE(more);
    CHECK(sent == (size + 65'535) / 65'536);
    CHECK((pieces.take() == bytes));
    CHECK(pieces.take().empty());
  }
}

TEST_CASE("only some pieces are under way to a node, until they have come there") {
  PieceWindow window;
  std::atomic<std::size_t> sent{0};
  constexpr std::size_t all = 3 * PieceWindow::pieces_max;
  std::thread sender([&] {
    for (std::size_t i = 0; i < all; ++i) {
      window.wait_for_room(2);
      ++sent;
    }
  });
  for (std::size_t come = 0; come <= all - PieceWindow::pieces_max; ++come) {
    while (sent < come + PieceWindow::pieces_max)
      std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    CHECK(sent == come + PieceWindow::pieces_max);
    window.has_come(1); // another node's, which makes no room
    window.has_come(2);
  }
  sender.join();
}

TEST_CASE("nobody waits for room once the window is open, and receipts for nothing do no harm") {
  PieceWindow window;
  window.has_come(0);
  std::thread sender([&] {
    for (std::size_t i = 0; i < 10 * PieceWindow::pieces_max; ++i)
      window.wait_for_room(0);
  });
  window.open();
  sender.join();
}

} // namespace
} // namespace stos::detail
