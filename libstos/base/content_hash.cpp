#include "libstos/base/content_hash.hpp"

#include "libstos/base/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stos {

ContentHash ContentHash::of(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string ContentHash::to_string() const {
  return RunDigest::from_value(high).to_string() + RunDigest::from_value(low).to_string();
}

} // namespace stos
