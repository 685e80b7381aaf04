#pragma once

#include <locale>
#include <sstream>

namespace stos {

/// A stream into a string, whose numbers look alike whatever locale the program has made the global
/// one: no grouping, a decimal point.
///
/// Threads: none inside.
class PlainText : public std::ostringstream {
public:
  PlainText() { imbue(std::locale::classic()); }
};

} // namespace stos
