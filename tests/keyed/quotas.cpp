#include "libstos/service/keyed/quotas.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::keyed;

namespace {

/// Another replica gets the same items; what they say has to be the same.
struct Fixture {
  Answer apply(const std::vector<std::byte>& item) {
    ++index;
    Answer answer = quotas.apply(item, {{index}, 0}, now, nullptr);
    CHECK(other.apply(item, {{index}, 0}, now, nullptr) == answer);
    CHECK(other.snapshot() == quotas.snapshot());
    CHECK(other.restore(quotas.snapshot()));
    CHECK(other.snapshot() == quotas.snapshot());
    return answer;
  }
  Answer report(std::uint64_t group, std::uint64_t term,
                std::map<std::string, std::uint64_t> agents) {
    return apply(Quotas::report_item({{{group}, {term}, std::move(agents)}}));
  }
  Outcome activate(std::uint64_t group = 1) {
    return apply(Quotas::activate_item("q", {group})).outcome;
  }
  std::optional<QuotaUsage> usage(const std::string& quota = "q") {
    return Quotas::usage_of(quotas.query(Quotas::usage_query(quota, now), nullptr));
  }

  Quotas quotas;
  Quotas other;
  Time now{1'000'000};
  std::uint64_t index = 0;
};

} // namespace

TEST_CASE_METHOD(Fixture, "quotas are put, listed and deleted") {
  CHECK_FALSE(usage());
  REQUIRE(apply(Quotas::put_item("q", 5)).outcome == Outcome::done);
  REQUIRE(apply(Quotas::put_item("a", 7)).outcome == Outcome::done);
  CHECK(usage() == QuotaUsage{0, 5});
  REQUIRE(apply(Quotas::put_item("q", 6)).outcome == Outcome::done);
  CHECK(usage() == QuotaUsage{0, 6});
  CHECK(Quotas::names_of(quotas.query(Quotas::list_query(), nullptr)) ==
        std::vector<std::string>{"a", "q"});
  CHECK(apply(Quotas::delete_item("q")).outcome == Outcome::done);
  CHECK(apply(Quotas::delete_item("q")).outcome == Outcome::quota_not_found);
  CHECK(apply(Quotas::put_item("", 6)).outcome == Outcome::bad_request);
  CHECK(activate() == Outcome::quota_not_found);
}

TEST_CASE_METHOD(Fixture,
                 "a quota that is used up allows no more activations, and more when agents go") {
  REQUIRE(apply(Quotas::put_item("q", 3)).outcome == Outcome::done);
  static_cast<void>(report(1, 1, {{"q", 1}}));
  CHECK(activate() == Outcome::done);
  CHECK(activate(2) == Outcome::done); // what was allowed counts before it is reported
  CHECK(activate() == Outcome::quota_limit_reached);
  static_cast<void>(report(1, 1, {{"q", 1}}));
  CHECK(usage() == QuotaUsage{2, 3});
  CHECK(activate() == Outcome::done);
}

TEST_CASE_METHOD(Fixture, "a report is valid for 15 minutes, also if no other one comes") {
  REQUIRE(apply(Quotas::put_item("q", 3)).outcome == Outcome::done);
  static_cast<void>(report(1, 1, {{"q", 3}}));
  now.ms += 15 * 60'000 - 1;
  CHECK(usage() == QuotaUsage{3, 3});
  CHECK(activate(2) == Outcome::quota_limit_reached);
  now.ms += 1;
  CHECK(usage() == QuotaUsage{0, 3});
  CHECK(activate(2) == Outcome::done);
}

TEST_CASE_METHOD(Fixture, "agents of a group that has changed its leader count once") {
  REQUIRE(apply(Quotas::put_item("q", 100)).outcome == Outcome::done);
  static_cast<void>(report(1, 1, {{"q", 10}}));
  static_cast<void>(report(1, 2, {{"q", 11}})); // of another node
  CHECK(usage() == QuotaUsage{11, 100});
  static_cast<void>(report(1, 1, {{"q", 10}})); // the old one believes that it still leads
  CHECK(usage() == QuotaUsage{11, 100});
  static_cast<void>(report(2, 1, {{"q", 5}}));
  CHECK(usage() == QuotaUsage{16, 100});
}

TEST_CASE_METHOD(Fixture, "who reports agents of a quota that is no more is told so") {
  REQUIRE(apply(Quotas::put_item("q", 100)).outcome == Outcome::done);
  CHECK(Quotas::names_of(report(1, 1, {{"gone", 1}, {"q", 1}, {"never", 1}})) ==
        std::vector<std::string>{"gone", "never"});
}

TEST_CASE_METHOD(Fixture, "what is no item, query or snapshot of quotas is refused") {
  CHECK(apply({}).outcome == Outcome::bad_request);
  CHECK(quotas.query({}, nullptr).outcome == Outcome::bad_request);
  CHECK_FALSE(quotas.restore(std::vector<std::byte>(3)));
}

TEST_CASE_METHOD(Fixture, "the quotas that are used most are told, in the order of their names") {
  using Usages = std::vector<std::pair<std::string, QuotaUsage>>;
  CHECK(quotas.fullest(5, now).empty());
  for (const auto& [name, limit] : {std::pair{"a", 100}, {"b", 10}, {"c", 1'000}, {"d", 0}})
    REQUIRE(apply(Quotas::put_item(name, static_cast<std::uint64_t>(limit))).outcome ==
            Outcome::done);
  report(1, 1, {{"a", 10}, {"b", 4}, {"c", 50}});
  report(2, 1, {{"b", 5}, {"c", 1}});
  CHECK(quotas.fullest(2, now) == Usages{{"a", {10, 100}}, {"b", {9, 10}}});
  CHECK(quotas.fullest(9, now) ==
        Usages{{"a", {10, 100}}, {"b", {9, 10}}, {"c", {51, 1'000}}, {"d", {0, 0}}});
  now.ms += Quotas::report_life_ms;
  CHECK(quotas.fullest(1, now) == Usages{{"a", {0, 100}}});
}
