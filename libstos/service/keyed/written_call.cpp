#include "libstos/service/keyed/written_call.hpp"

namespace stos::keyed::detail {
namespace {

/// What stands behind the last `::` that is not within `<...>`.
std::string_view without_namespaces(std::string_view name) {
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<')
      ++depth;
    else if (name[i] == '>' && depth > 0)
      --depth;
    else if (depth == 0 && name[i] == ':')
      begin = i + 1;
  }
  return name.substr(begin);
}

} // namespace

Result<std::uint32_t> number_of(const std::vector<std::string>& classes, std::string_view name,
                                std::string_view what, std::string_view agent_type) {
  std::uint32_t found = 0;
  std::size_t times = 0;
  std::string all;
  for (std::uint32_t i = 0; i < classes.size(); ++i) {
    if (classes[i] == name)
      return i;
    if (without_namespaces(classes[i]) == name) {
      found = i;
      ++times;
    }
    all += (i == 0 ? "" : ", ") + std::string(without_namespaces(classes[i]));
  }
  if (times == 1)
    return found;
  const std::string type = "agents of type " + std::string(agent_type);
  if (times > 1)
    return Error{Errc::bad_argument, type + " have more than one " + std::string(what) + " " +
                                         std::string(name) + ": give its namespaces, too"};
  return Error{Errc::bad_argument, type + " have no " + std::string(what) + " \"" +
                                       std::string(name) +
                                       "\"; wanted: " + (all.empty() ? "none" : all)};
}

} // namespace stos::keyed::detail
