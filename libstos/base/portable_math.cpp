#include "libstos/base/portable_math.hpp"

#include <cmath>

namespace stos {
namespace {

// x = quarters * pi / 2 + high + low, with high in [-pi/4, pi/4].
struct Reduced {
  double high;
  double low;
  int quarters; // modulo 4
};

// pi / 2 in pieces of 33 bits, of which multiples are exact, and what is left of it.
constexpr double first = 1.57079632673412561417;
constexpr double second = 6.07710050630396597660e-11;
constexpr double rest = 2.02226624879595063154e-21;

Reduced reduced(double x) {
  constexpr double large = 1 << 20;
  constexpr double two_pi = 6.28318530717958647693;
  if (std::fabs(x) > large)
    x = std::remainder(x, two_pi); // which is exact
  const double n = std::floor(x * 0.636619772367581382433 + 0.5);
  const double after_first = x - n * first;
  const double step = n * second;
  const double after_second = after_first - step;
  const double error = n * rest - ((after_first - after_second) - step);
  const double high = after_second - error;
  return {high, (after_second - high) - error, static_cast<int>(n) & 3};
}

double sin_near_0(double x, double low) {
  constexpr double s1 = -1.66666666666666324348e-01;
  constexpr double s2 = 8.33333333332248946124e-03;
  constexpr double s3 = -1.98412698298579493134e-04;
  constexpr double s4 = 2.75573137070700676789e-06;
  constexpr double s5 = -2.50507602534068634195e-08;
  constexpr double s6 = 1.58969099521155010221e-10;
  const double z = x * x;
  const double cube = z * x;
  const double r = s2 + z * (s3 + z * (s4 + z * (s5 + z * s6)));
  return x - ((z * (0.5 * low - cube * r) - low) - cube * s1);
}

double cos_near_0(double x, double low) {
  constexpr double c1 = 4.16666666666666019037e-02;
  constexpr double c2 = -1.38888888888741095749e-03;
  constexpr double c3 = 2.48015872894767294178e-05;
  constexpr double c4 = -2.75573143513906633035e-07;
  constexpr double c5 = 2.08757232129817482790e-09;
  constexpr double c6 = -1.13596475577881948265e-11;
  const double z = x * x;
  const double r = z * (c1 + z * (c2 + z * c3)) + z * z * (z * z) * (c4 + z * (c5 + z * c6));
  const double half = 0.5 * z;
  const double w = 1.0 - half;
  return w + (((1.0 - w) - half) + (z * r - x * low));
}

// The sine of x plus so many quarters of a turn.
double sin_of(const Reduced& x, int more) {
  const int quarters = (x.quarters + more) & 3;
  const double value = quarters % 2 == 0 ? sin_near_0(x.high, x.low) : cos_near_0(x.high, x.low);
  return quarters < 2 ? value : -value;
}

} // namespace

double portable_sin(double x) { return sin_of(reduced(x), 0); }
double portable_cos(double x) { return sin_of(reduced(x), 1); }

} // namespace stos
