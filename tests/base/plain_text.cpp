#include "libstos/base/plain_text.hpp"

#include "libstos/base/exact_text.hpp"
#include "support/foreign_locale.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace stos;

TEST_CASE("numbers look alike in every locale", "[base]") {
  const test::ForeignLocale foreign;
  std::ostringstream text; // the standard library's own
  text << 1234567 << ' ' << 0.5;
  REQUIRE(text.str() == "1.234.567 0,5");

  PlainText plain;
  plain << 1234567 << ' ' << 0.5;
  CHECK(plain.str() == "1234567 0.5");
  CHECK(exact_text(1234567.5) == "1234567.5");
  CHECK(short_text(1234567.5) == "1.23457e+06");
}

TEST_CASE("a short text has as many digits as were asked for, and no more than it needs",
          "[base]") {
  CHECK(short_text(0) == "0");
  CHECK(short_text(-2.5) == "-2.5");
  CHECK(short_text(3.14159265358979) == "3.14159");
  CHECK(short_text(3.14159265358979, 3) == "3.14");
  CHECK(short_text(123456) == "123456");
  CHECK(short_text(1e300, 3) == "1e+300");
  CHECK(short_text(std::numeric_limits<double>::infinity()) == "inf");
}
