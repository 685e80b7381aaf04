// Locks and shared values: requests and answers, and a table that goes on from any snapshot and
// applies any entries. The first byte says what the rest is.

#include "libstos/service/coordination/coordination_table.hpp"
#include "libstos/service/coordination/request.hpp"
#include "tests/fuzz/comes_back.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using namespace stos::coordination;
using stos::fuzz::comes_back;
using stos::fuzz::require;

namespace {

// Each entry after a byte with its size; the first one is what the table begins with.
void apply_all(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const auto next = [&in] { return in.raw(std::min<std::size_t>(in.u16(), in.remaining())); };
  CoordinationTable table(1);
  if (const auto snapshot = next(); !snapshot.empty() && !table.restore(snapshot))
    return;
  for (int left = 100; left > 0 && in.remaining() > 0; --left) {
    table.apply(next());
    (void)table.take_results();
  }
  CoordinationTable again(2);
  require(again.restore(table.snapshot()));
  require(again.snapshot() == table.snapshot());
  for (const Request::What what : {Request::What::get, Request::What::list, Request::What::locks}) {
    Request look;
    look.what = what;
    require(again.look(look) == table.look(look));
  }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 3) {
    case 0: comes_back(bytes, [](BytesReader& in) { return read_request(in); }); break;
    case 1: comes_back(bytes, [](BytesReader& in) { return read_answer(in); }); break;
    default: apply_all(bytes);
  }
  return 0;
}
