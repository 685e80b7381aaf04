#pragma once

#include "libstos/base/demangle.hpp"
#include "libstos/base/result.hpp"
#include "libstos/code/read_values.hpp"
#include "libstos/service/keyed/agent_class.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

/// Queries and commands that people write: the name of a class, and its fields.
namespace stos::keyed::detail {

/// Which of these classes is meant: by its whole name, or what is left without namespaces, if only
/// one of them has that. Fails with bad_argument, and says what there is.
[[nodiscard]] Result<std::uint32_t> number_of(const std::vector<std::string>& classes,
                                              std::string_view name, std::string_view what,
                                              std::string_view agent_type);

/// Its number and its bytes. `List` is Queries or Commands.
template <template <class...> class List, class... Ts>
Result<std::pair<std::uint32_t, std::vector<std::byte>>>
read_call_of(List<Ts...> list, std::string_view what, std::string_view agent_type,
             std::string_view name, const ValueTree& fields) {
  const Result<std::uint32_t> number =
      number_of({stos::detail::demangle(typeid(Ts).name())...}, name, what, agent_type);
  if (!number)
    return number.error();
  BytesWriter out;
  std::string why;
  static_cast<void>(by_number(list, *number, "", [&]<class T>() {
    if constexpr (std::default_initializable<T>) {
      const Result<T> read = read_from<T>(fields);
      if (read)
        save(out, *read);
      else
        why = read.error().context;
    } else {
      why = "its class has no default constructor, so that people cannot write one";
    }
    return Called{};
  }));
  if (!why.empty() || !out.ok())
    return Error{Errc::bad_argument, std::string(what) + " " + std::string(name) + ": " +
                                         (why.empty() ? "it cannot be saved" : why)};
  return std::pair(*number, out.take());
}

} // namespace stos::keyed::detail
