#include "libstos/engine/parallel/load_balance.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace stos::detail;
using Advice = LoadBalance::Advice;

namespace {

/// Domains whose loads a test makes up, and the advice that they get.
class Watched {
public:
  /// Each domain is busy for its share of the time, at `rate` events per busy second.
  Advice after(double seconds, const std::vector<double>& busy, double rate = 1e6) {
    loads_.resize(busy.size());
    for (std::size_t i = 0; i < busy.size(); ++i) {
      loads_[i].busy_s += seconds * busy[i];
      loads_[i].events += static_cast<std::uint64_t>(seconds * busy[i] * rate);
    }
    now_s_ += seconds;
    return balance_.look(now_s_, loads_);
  }

  /// Goes on like that until there is other advice; never() if there is none.
  struct Advised {
    Advice advice;
    double after_s;
  };
  Advised until_advised(const std::vector<double>& busy, double rate = 1e6) {
    const double began_s = now_s_;
    while (now_s_ - began_s < 100)
      if (const Advice advice = after(0.001, busy, rate); advice != Advice::go_on)
        return {advice, now_s_ - began_s};
    return {Advice::go_on, now_s_ - began_s};
  }

  void noted() { balance_.noted(now_s_, loads_); }
  void divided(bool is_better) { balance_.divided(now_s_, loads_, is_better); }
  void taken_back() { balance_.taken_back(now_s_); }

  Advised until_divided(const std::vector<double>& busy, bool is_better, double rate = 1e6) {
    const Advised note = until_advised(busy, rate);
    if (note.advice != Advice::note)
      return note;
    noted();
    const Advised divide = until_advised(busy, rate);
    divided(is_better);
    return {divide.advice, note.after_s + divide.after_s};
  }

private:
  LoadBalance balance_{1000};
  std::vector<DomainLoad> loads_{DomainLoad{}, DomainLoad{}};
  double now_s_ = 0;
};

} // namespace

TEST_CASE("domains with equal loads are left alone") {
  Watched domains;
  CHECK(domains.until_advised({0.95, 0.9}).advice == Advice::go_on);
}

TEST_CASE("domains that wait for each other are left alone") {
  Watched domains;
  CHECK(domains.until_advised({0.5, 0.3}).advice == Advice::go_on);
}

TEST_CASE("domains are left alone that are too busy by turns") {
  Watched domains;
  for (int i = 0; i < 10'000; ++i)
    REQUIRE(domains.after(0.006, i % 2 == 0 ? std::vector{1.0, 0.6} : std::vector{0.6, 1.0}) ==
            Advice::go_on);
}

TEST_CASE("a few events are not enough to judge by") {
  Watched domains;
  CHECK(domains.until_advised({1.0, 0.1}, 4).advice == Advice::go_on);
}

TEST_CASE("the agents of a domain that always has too much to do are noted, then divided") {
  Watched domains;
  const Watched::Advised note = domains.until_advised({1.0, 0.6});
  CHECK(note.advice == Advice::note);
  CHECK(note.after_s < 0.03);
  domains.noted();
  CHECK(domains.until_advised({1.0, 0.6}).advice == Advice::divide);
}

TEST_CASE("a division that makes the run faster stays") {
  Watched domains;
  REQUIRE(domains.until_divided({1.0, 0.6}, true).advice == Advice::divide);
  CHECK(domains.until_advised({1.0, 1.0}).advice == Advice::go_on);
}

TEST_CASE("a division that makes the run slower is taken back, once") {
  Watched domains;
  REQUIRE(domains.until_divided({1.0, 0.1}, true).advice == Advice::divide);
  CHECK(domains.until_advised({0.2, 0.2}).advice == Advice::take_back);
  domains.taken_back();
  const Watched::Advised next = domains.until_advised({1.0, 0.1});
  CHECK(next.advice == Advice::note);
}

TEST_CASE("attempts in vain become rare") {
  Watched domains;
  double seconds = 0;
  int attempts = 0;
  for (; seconds < 60; ++attempts) {
    const Watched::Advised advised = domains.until_divided({1.0, 0.1}, false);
    REQUIRE(advised.advice == Advice::divide);
    seconds += advised.after_s;
  }
  CHECK(attempts < 12);
}

TEST_CASE("an event costs what it did in its domain on average") {
  const std::vector<DomainLoad> loads{{1000, 1.0}, {1000, 3.0}, {1, 0.5}, {0, 0}};
  const std::vector<double> seconds = LoadBalance::seconds_per_event(loads);
  CHECK(seconds[0] == Approx(0.001));
  CHECK(seconds[1] == Approx(0.003));
  CHECK(seconds[2] == Approx(4.5 / 2001));
  CHECK(seconds[3] == Approx(4.5 / 2001));
}
