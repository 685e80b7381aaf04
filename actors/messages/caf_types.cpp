#include "actors/messages/caf_types.hpp"

#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/coordination_messages.hpp"
#include "actors/messages/service_messages.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>

#include <mutex>

namespace stos {

void init_caf_types() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::stos>();
    caf::init_global_meta_objects<caf::id_block::stos_cluster>();
    caf::init_global_meta_objects<caf::id_block::stos_service>();
    caf::init_global_meta_objects<caf::id_block::stos_coordination>();
    caf::io::middleman::init_global_meta_objects();
    caf::core::init_global_meta_objects();
  });
}

} // namespace stos
