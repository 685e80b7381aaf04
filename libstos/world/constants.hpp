#pragma once

#include <map>
#include <typeindex>

namespace stos::detail {

/// Values that all agents of a simulation may read, one of each type.
///
/// Threads: read only once the run has begun.
/// Owns:    nothing.
class Constants {
public:
  template <class T>
  void provide(const T& value) {
    values_[typeid(T)] = &value;
  }

  /// Null if there is none of that type.
  template <class T>
  [[nodiscard]] const T* find() const {
    const auto found = values_.find(typeid(T));
    return found == values_.end() ? nullptr : static_cast<const T*>(found->second);
  }

private:
  std::map<std::type_index, const void*> values_;
};

} // namespace stos::detail
