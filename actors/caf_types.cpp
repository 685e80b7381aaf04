#include "actors/caf_types.hpp"

#include <caf/init_global_meta_objects.hpp>

#include <mutex>

namespace stos {

void init_caf_types() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::stos>();
    caf::core::init_global_meta_objects();
  });
}

} // namespace stos
