#include "config/version.hpp"

#ifndef STOS_VERSION
#define STOS_VERSION "(unreleased)" // the build defines the version of the project
#endif

namespace stos {

std::string_view library_version() { return STOS_VERSION; }

} // namespace stos
