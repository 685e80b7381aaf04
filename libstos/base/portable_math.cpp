#include "libstos/base/portable_math.hpp"

#include <cmath>
#include <limits>

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

// The odd series, for |t| of at most 1/8: what follows its ten terms is below 2^-60 of t.
double atan_near_0(double t) {
  const double square = t * t;
  double series = 0;
  for (int n = 19; n >= 3; n -= 2)
    series = square * (1.0 / n - series);
  return t - t * series;
}

// atan(a) for a in [0, 1]: from the nearest quarter q on, by t = (a - q) / (1 + a q).
double atan_up_to_1(double a) {
  struct Angle {
    double high;
    double low;
  };
  constexpr Angle of_quarters[] = {{0, 0},
                                   {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
                                   {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
                                   {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
                                   {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}};
  const int quarters = static_cast<int>(a * 4 + 0.5);
  const double q = quarters * 0.25;
  const auto [high, low] = of_quarters[quarters];
  return high + (atan_near_0((a - q) / (1 + a * q)) + low);
}

constexpr double ln2_high = 0x1.62e42fefa38p-1; // trailing zeros: exponent * ln2_high is exact
constexpr double ln2_low = 0x1.ef35793c7673p-45;

// By squaring. @pre n <= 64
double whole_power(double x, unsigned n) {
  double power = 1;
  for (; n != 0; n >>= 1) {
    if ((n & 1) != 0)
      power *= x;
    if (n > 1)
      x *= x;
  }
  return power;
}

} // namespace

double portable_sin(double x) { return sin_of(reduced(x), 0); }
double portable_cos(double x) { return sin_of(reduced(x), 1); }

double portable_atan2(double y, double x) {
  constexpr double half_pi = 0x1.921fb54442d18p+0;
  constexpr double half_pi_low = 0x1.1a62633145c07p-54;
  const double width = std::fabs(x);
  const double height = std::fabs(y);
  if (width == 0 && height == 0)
    return 0;
  double angle = height <= width ? atan_up_to_1(height / width)
                                 : half_pi - (atan_up_to_1(width / height) - half_pi_low);
  if (x < 0)
    angle = 2 * half_pi - (angle - 2 * half_pi_low);
  return y < 0 ? -angle : angle;
}

// e^x = 2^k e^(high - low), the last with an exponent of at most ln 2 / 2, of whose series what
// follows fourteen terms is below 2^-57.
double portable_exp(double x) {
  if (x > 709.79)
    return std::numeric_limits<double>::infinity();
  if (x < -745.2)
    return 0;
  const double k = std::floor(x * 1.44269504088896340736 + 0.5);
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double r = high - low;
  const double error = (high - r) - low;
  double series = 0;
  for (int n = 14; n >= 3; --n)
    series = (series + 1) * r / n;
  const double beyond_first = r * r * (0.5 + 0.5 * series);
  return std::ldexp(1 + (r + (beyond_first + error)), static_cast<int>(k));
}

// log(m * 2^k) = k ln 2 + 2 artanh(s), s = (m - 1) / (m + 1), with m in [sqrt(1/2), sqrt(2)) so
// that |s| < 0.1716 and eleven terms of the odd series leave an error below 2^-56.
double portable_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 0;
  for (int n = 21; n >= 3; n -= 2)
    series = (series + 1.0 / n) * s2;
  return exponent * ln2_high + (2 * s + (2 * s * series + exponent * ln2_low));
}

// The rounding error of 1 + x makes log(1 + x) wrong by as much, in relation, as it does the
// difference of 1 + x to 1 (W. Kahan).
double portable_log1p(double x) {
  const double sum = 1 + x;
  return sum == 1 ? x : portable_log(sum) * (x / (sum - 1));
}

double portable_pow(double x, double y) {
  if (y == std::floor(y) && std::fabs(y) <= 64) {
    const double power = whole_power(x, static_cast<unsigned>(std::fabs(y)));
    return y < 0 ? 1 / power : power;
  }
  return x == 0 ? 0 : portable_exp(y * portable_log(x));
}

} // namespace stos
