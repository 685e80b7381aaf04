#pragma once

namespace stos {

// The functions of the C library may give other last bits on another machine: some have a variant
// for processors with fused multiply-add, and what differs in a last bit decides about an order
// sooner or later. + - * / and sqrt are the same everywhere, and so are these. See also
// portable_log().

/// Sine and cosine, within 1 ulp while |x| is below a million; of what is larger, not that exact.
/// @pre x is finite
/// Source: the kernels of FDLIBM (Sun Microsystems, 1993).
[[nodiscard]] double portable_sin(double x);
[[nodiscard]] double portable_cos(double x);

} // namespace stos
