#include "libstos/base/result.hpp"

#include "libstos/base/usage_error.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

using namespace stos;

namespace {

Result<int> half_of(int n) {
  if (n % 2 != 0)
    return Error{Errc::bad_argument, std::to_string(n) + " is odd"};
  return n / 2;
}

Result<void> require_even(int n) {
  if (n % 2 != 0)
    return Error{Errc::bad_argument, "odd"};
  return {};
}

} // namespace

TEST_CASE("a result holds a value or the error that explains why there is none") {
  const Result<int> good = half_of(8);
  REQUIRE(good);
  CHECK(*good == 4);

  const Result<int> bad = half_of(7);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Errc::bad_argument);
  CHECK(bad.error().context == "7 is odd");
}

TEST_CASE("a result without a value says whether it succeeded") {
  CHECK(require_even(2));
  const Result<void> bad = require_even(3);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().context == "odd");
}

TEST_CASE("a result of an error is not mistaken for a value of that type") {
  const Result<std::string> bad = Error{Errc::io_error, "disk full"};
  REQUIRE_FALSE(bad);
  CHECK(bad.error().context == "disk full");
}

TEST_CASE("a value that can only be moved is moved out of its result") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  REQUIRE(result);
  **result = 6;
  const std::unique_ptr<int> taken = *std::move(result);
  CHECK(*taken == 6);
}

TEST_CASE("each error code has a name of its own") {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    names.insert(to_string(static_cast<Errc>(code)));
  CHECK(names.size() == static_cast<std::size_t>(Errc::internal) + 1);
  CHECK(names.count("unknown") == 0);
  CHECK(to_string(Errc::closed_channel) == "closed_channel");
}

TEST_CASE("only a number that is that of an error code is taken for one") {
  const auto last = static_cast<unsigned>(Errc::internal);
  for (unsigned number = 0; number <= 255; ++number) {
    INFO("number " << number);
    const std::optional<Errc> code = errc_from(static_cast<std::uint8_t>(number));
    REQUIRE(code.has_value() == (number <= last));
    if (code)
      CHECK(static_cast<unsigned>(*code) == number);
  }
}

TEST_CASE("a usage error reads as its code and its context") {
  const UsageError error(Errc::wrong_agent, "alice wrote to bob's channel");
  CHECK(std::string(error.what()) == "wrong_agent: alice wrote to bob's channel");
  CHECK(error.error().code == Errc::wrong_agent);
}
