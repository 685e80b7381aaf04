#pragma once

#include "libstos/world/cell.hpp"
#include "libstos/world/issued_references.hpp"

namespace stos {

class NamingInspector;

namespace detail {

// How channels and references are shown.
//
// Threads: none inside.

/// The channel's number, and the agent that it leads to.
bool show_channel(NamingInspector& f, const Channel& channel);

/// The name of the reference, by which lambdas that bring it know it.
bool show_reference(NamingInspector& f, Ticket reference);

} // namespace detail
} // namespace stos
