// What another node says of its initial world: three messages at most, one behind the other, each
// with its size in front.

#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "tests/fuzz/two_links.hpp"

using namespace stos;
using namespace stos::detail;
using namespace stos::fuzz;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const WorldFingerprint own(make_world()->world());
  BytesReader in(std::as_bytes(std::span(data, size)));
  WorldComparison comparison(own, {"1", "2"});
  for (int messages = 0; in.remaining() > 0; ++messages) {
    STOS_ASSERT(messages < 3, "a comparison of more than three messages");
    const std::vector<std::byte> said = comparison.message();
    STOS_ASSERT(!said.empty(), "nothing to say");
    const auto heard = in.raw(std::min<std::size_t>(in.u16(), in.remaining()));
    const auto outcome = comparison.take(std::vector<WorldComparison::Message>{said, heard});
    if (outcome && *outcome == WorldComparison::Outcome::more)
      continue;
    if (!outcome)
      STOS_ASSERT(outcome.error().code == Errc::bad_message ||
                      outcome.error().code == Errc::bad_config,
                  outcome.error().context);
    break;
  }
  return 0;
}
