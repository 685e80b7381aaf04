#include "libstos/world/observed.hpp"

#include "libstos/base/random.hpp"
#include "libstos/base/usage_error.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace stos;
using Catch::Matchers::Contains;

TEST_CASE("what was observed has count, sum, mean and extremes") {
  Observed seen;
  CHECK(seen.mean() == 0);
  for (const double x : {3.0, -1.0, 4.0})
    seen.add(x);
  CHECK(seen.count() == 3);
  CHECK(seen.sum() == 6);
  CHECK(seen.mean() == 2);
  CHECK(seen.least() == -1);
  CHECK(seen.greatest() == 4);
  CHECK_THROWS_WITH(seen.quantile(0.5), Contains("Look::quantiles"));
}

TEST_CASE("quantiles are right but for one part in 128") {
  RandomStream random(3);
  for (const double scale : {1e-3, 1.0, 1e9}) {
    std::vector<double> numbers;
    Observed seen(true);
    for (int i = 0; i < 2'001; ++i) {
      numbers.push_back(scale * random.normal(i % 2 == 0 ? 0 : 3, 1));
      seen.add(numbers.back());
    }
    std::sort(numbers.begin(), numbers.end());
    CHECK(seen.quantile(0) == numbers.front());
    CHECK(seen.quantile(1) == numbers.back());
    for (const double share : {0.05, 0.25, 0.5, 0.75, 0.95}) {
      const double right = numbers[static_cast<std::size_t>(std::ceil(share * 2'001)) - 1];
      INFO(share << " of " << scale);
      CHECK(std::abs(seen.quantile(share) - right) <= std::abs(right) / 128);
    }
  }
  Observed ages(true);
  for (int age = 0; age <= 128; ++age)
    ages.add(age);
  CHECK(ages.quantile(0.5) == 64); // whole numbers are not rounded
  CHECK(ages.quantile(0.99) == 127);
  CHECK_THROWS_WITH(ages.quantile(1.5), Contains("[0, 1], not 1.5"));
}

TEST_CASE("parts that were observed apart are one, in any order, and as bytes") {
  RandomStream random(4);
  const Bins bins({-100, -1, 0, 1e-3, 1e3});
  Observed whole(true, bins);
  std::vector<Observed> parts(5, Observed(true, bins));
  for (int i = 0; i < 1'000; ++i) {
    const double x = random.normal(0, std::exp(random.uniform(-20, 20)));
    whole.add(x);
    parts[random.below(5)].add(x);
  }
  random.shuffle(parts);
  Observed together(true, bins);
  for (const Observed& part : parts)
    together.add(part);
  CHECK(together == whole);
  BytesWriter out;
  save(out, whole);
  std::vector<std::byte> bytes = out.take();
  BytesReader in(bytes);
  CHECK(load_new<Observed>(in) == whole);
  CHECK(in.at_end());
  for (int i = 0; i < 2'000; ++i) { // whatever comes, nothing breaks
    std::vector<std::byte> changed = bytes;
    changed[random.below(static_cast<std::uint32_t>(bytes.size()))] =
        static_cast<std::byte>(random.below(256));
    BytesReader any(changed);
    const auto read = load_new<Observed>(any);
    if (read && read->has_quantiles())
      static_cast<void>(read->quantile(0.5));
  }
}

TEST_CASE("bins count what lies between their bounds") {
  Observed seen(false, Bins({0, 10, 20}));
  for (const double x : {-1.0, 0.0, 9.5, 10.0, 19.0, 20.0, 1e300, -1e300, std::nan("")})
    seen.add(x);
  CHECK(seen.bins().counts() == std::vector<std::uint64_t>{2, 2, 2, 2});
  CHECK(seen.count() == 9);
  CHECK(Observed{}.bins().empty());
  Observed elsewhere(false, Bins({0, 10, 20}));
  elsewhere.add(5);
  seen.add(elsewhere);
  seen.add(Observed(false, Bins({1, 2}))); // what no node sends
  CHECK(seen.bins().counts() == std::vector<std::uint64_t>{2, 3, 2, 2});
  CHECK(seen.bins().name_of(0) == "below 0");
  CHECK(seen.bins().name_of(2) == "10 to 20");
  CHECK(seen.bins().name_of(3) == "from 20");
  CHECK_THROWS_WITH(Bins({1, 3, 3}), Contains("each above the one before, not 1, 3, 3"));
  CHECK_THROWS_WITH(Bins({1, std::nan("")}), Contains("are numbers"));
  CHECK_THROWS_WITH(Bins(std::vector<double>(101)), Contains("at most 100 bounds, not 101"));
}

TEST_CASE("observations are a table") {
  Observed seen(true);
  seen.add(2);
  seen.add(4);
  const Observations all({{"wealth, in coins", 1.5, seen}, {"nobody", 2, Observed{}}});
  CHECK(all.to_csv() == "time,observer,count,sum,mean,least,greatest,median,p05,p95\n"
                        "1.5,\"wealth, in coins\",2,6,3,2,4,2,2,4\n"
                        "2,nobody,0,0,,,,,,\n");
  const Observations two_kinds({{"age", 1, Observed(false, Bins({0, 10}))},
                                {"nobody", 1, Observed{}},
                                {"size", 1, Observed(false, Bins({0, 2.5}))}});
  CHECK(two_kinds.to_csv() ==
        "time,observer,count,sum,mean,least,greatest,median,p05,p95,below 0,0 to 10,from 10,"
        "0 to 2.5,from 2.5\n"
        "1,age,0,0,,,,,,,0,0,0,,\n"
        "1,nobody,0,0,,,,,,,,,,,\n"
        "1,size,0,0,,,,,,,0,,,0,0\n");
  CHECK(all.of("nobody").size() == 1);
  CHECK_THROWS_WITH(all.of("somebody"), Contains("\"somebody\""));
}

TEST_CASE("what nodes have seen is put together observer by observer, time by time") {
  const auto of = [](double x) {
    Observed seen;
    seen.add(x);
    return seen;
  };
  std::vector<Observation> all{{"a", 1, of(1)}, {"b", 1, of(2)}};
  detail::add_observations(all, {{"a", 1, of(3)}, {"b", 1, of(4)}, {"a", 2, of(5)}});
  REQUIRE(all.size() == 3);
  CHECK(all[0].seen.sum() == 4);
  CHECK(all[1].seen.sum() == 6);
  CHECK(all[2] == Observation{"a", 2, of(5)});
}
