#include "libstos/base/demangle.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace stos::detail {
namespace {

// What stands within the bracket that `text` begins with, and the bracket; all if it has no end.
std::string_view bracketed(std::string_view text) {
  const char open = text.front();
  const char close = open == '(' ? ')' : '>';
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == open ? 1 : 0;
    if (text[i] == close && --depth == 0)
      return text.substr(0, i + 1);
  }
  return text;
}

// Of what one compiler adds to the names of functions, and another one does not: "[abi:cxx11]".
void erase_tags(std::string& text) {
  for (auto at = text.find("[abi:"); at != std::string::npos; at = text.find("[abi:", at))
    text.erase(at, text.find(']', at) - at + 1);
}

void erase_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

std::string shortened(std::string_view name) {
  constexpr std::size_t arguments_max = 24;
  std::string text;
  while (!name.empty()) {
    const std::string_view part = name.front() == '(' || (name.front() == '<' && !text.empty())
                                      ? bracketed(name)
                                      : name.substr(0, 1);
    name.remove_prefix(part.size());
    if (part.size() == 1)
      text += part;
    else if (part.front() == '(')
      text += text.ends_with("{lambda") || text.ends_with("'lambda'") ? "" : "()";
    else
      text += part.size() <= arguments_max ? std::string(part) : "<...>";
  }
  for (auto at = text.find("() const::"); at != std::string::npos; at = text.find("() const::", at))
    text.erase(at + 2, std::string_view(" const").size());
  return text;
}

} // namespace

std::string demangle(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : mangled;
}

std::string short_name(const char* mangled) {
  std::string name = demangle(mangled);
  erase_tags(name);
  erase_all(name, "(anonymous namespace)::");
  name = shortened(name);
  erase_all(name, "::operator()()"); // of a lambda that another one is in
  return name;
}

} // namespace stos::detail
