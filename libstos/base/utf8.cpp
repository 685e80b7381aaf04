#include "libstos/base/utf8.hpp"

namespace stos::detail {

std::size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t from, std::size_t bytes) {
    for (std::size_t i = from; i < bytes; ++i)
      if (i >= text.size() || (byte(i) & 0xc0) != 0x80)
        return false;
    return true;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return 1;
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || !continues(1, bytes))
    return 0;
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) > 0x9f;
  const bool too_large = lead == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || too_large ? 0 : bytes;
}

} // namespace stos::detail
