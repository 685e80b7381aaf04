#pragma once

namespace stos {

// The functions of the C library may give other last bits on another machine: some have a variant
// for processors with fused multiply-add, and what differs in a last bit decides about an order
// sooner or later. + - * / and sqrt are the same everywhere, and so are these, which consist of
// them. "Within n ulp": the tests have found no larger error, over some hundred thousand arguments.

/// Sine and cosine, within 1 ulp while |x| is below a million; of what is larger, not that exact.
/// @pre x is finite
/// Source: the kernels of FDLIBM (Sun Microsystems, 1993).
[[nodiscard]] double portable_sin(double x);
[[nodiscard]] double portable_cos(double x);

/// The angle of the point (x, y), in [-pi, pi], within 3 ulp; 0 at the origin.
/// @pre x and y are finite
[[nodiscard]] double portable_atan2(double y, double x);

/// e to the power of x, within 1 ulp; infinite beyond 709.78, 0 below -745.13, and of what lies
/// between 0 and 2^-1022 not that exact. @pre x is a number
[[nodiscard]] double portable_exp(double x);

/// Natural logarithm, within 2 ulp. @pre x > 0 and finite
[[nodiscard]] double portable_log(double x);

/// log(1 + x), within 4 ulp also where x is small. @pre x > -1 and finite
[[nodiscard]] double portable_log1p(double x);

/// x to the power of y. For whole numbers y up to 64 it multiplies, and is exact where each product
/// is; else it is exp(y log(x)), whose relative error is about |y log(x)| ulp.
/// @pre x > 0, or x is 0 and y at least 0, or y is a whole number of at most 64; both are finite
[[nodiscard]] double portable_pow(double x, double y);

} // namespace stos
