#include "libstos/base/by_type.hpp"

#include <map>
#include <memory>
#include <typeindex>

namespace stos::detail {

void* find_or_make_of_this_thread(const std::type_info& type, void* (*make)(),
                                  void (*destroy)(void*)) {
  using Object = std::unique_ptr<void, void (*)(void*)>;
  static thread_local std::map<std::type_index, Object> objects;
  const auto found = objects.find(type);
  if (found != objects.end())
    return found->second.get();
  return objects.emplace(type, Object(make(), destroy)).first->second.get();
}

} // namespace stos::detail
