#include "libstos/base/duration_histogram.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using stos::DurationHistogram;

TEST_CASE("a duration is counted in the first class whose bound it does not exceed", "[base]") {
  DurationHistogram histogram;
  histogram.add(0);
  histogram.add(2.5e-7);
  CHECK(histogram.counts[0] == 2);
  histogram.add(std::nextafter(2.5e-7, 1));
  CHECK(histogram.counts[1] == 1);
  histogram.add(1.05);
  CHECK(histogram.counts[DurationHistogram::classes - 2] == 1);
  histogram.add(1000);
  CHECK(histogram.counts.back() == 1);
  CHECK(histogram.count() == 5);
  CHECK(histogram.sum_s == Approx(1001.05).margin(1e-6));
}

TEST_CASE("classes go up, about four times each", "[base]") {
  const auto& bounds = DurationHistogram::bounds_s;
  for (std::size_t i = 1; i < bounds.size(); ++i)
    CHECK(bounds[i] / bounds[i - 1] == Approx(4).epsilon(0.01));
}

TEST_CASE("histograms add up", "[base]") {
  DurationHistogram a, b, both;
  for (const double duration_s : {1e-8, 3e-5, 0.2}) {
    a.add(duration_s);
    both.add(duration_s);
  }
  b.add(3e-5);
  both.add(3e-5);
  a.add(b);
  CHECK(a.counts == both.counts);
  CHECK(a.sum_s == Approx(both.sum_s));
}
