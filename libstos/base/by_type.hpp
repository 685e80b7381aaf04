#pragma once

#include <typeinfo>

namespace stos::detail {

[[nodiscard]] void* find_or_make_of_this_thread(const std::type_info& type, void* (*make)(),
                                                void (*destroy)(void*));

/// The T of this thread, made when it is first asked for; it goes with the thread. The program and
/// its shared libraries have the same one, which a static variable of a template is not where
/// symbols are hidden.
template <class T>
[[nodiscard]] T& of_this_thread() {
  return *static_cast<T*>(find_or_make_of_this_thread(
      typeid(T), []() -> void* { return new T; }, [](void* x) { delete static_cast<T*>(x); }));
}

} // namespace stos::detail
