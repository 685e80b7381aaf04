#include "libstos/service/keyed/founding.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

using namespace stos;
using keyed::Founding;

namespace {

/// Hosts whose words come late, or never, and of which some die; views follow.
class Hosts {
public:
  explicit Hosts(std::uint64_t seed) : random_(seed) {}

  void come(std::uint64_t member, bool has_begun = false) {
    hosts_.emplace(member, Founding({100 + member}, has_begun));
  }
  void go(std::uint64_t member) { hosts_.erase(member); }

  /// All that live see a view of all that live; some of them at once, the others later.
  void view() {
    ++epoch_;
    members_.clear();
    for (const auto& [member, host] : hosts_)
      members_.push_back({member});
  }
  void see_view(std::uint64_t member) { hosts_.at(member).enter(epoch_, members_, {member}); }

  /// Something happens: a host sees the view, or hears another one's word of just now.
  void step() {
    const std::uint64_t member = any();
    if (random_.bernoulli(0.3))
      return see_view(member);
    const std::uint64_t from = any();
    hosts_.at(member).hear({from}, hosts_.at(from).word());
    note();
  }
  void step_all() {
    for (const auto& [member, host] : hosts_)
      see_view(member);
    for (int round = 0; round < 4; ++round)
      for (auto& [member, host] : hosts_)
        for (const auto& [from, other] : hosts_)
          if (from != member)
            host.hear({from}, other.word());
    note();
  }

  [[nodiscard]] std::uint64_t any() {
    auto at = hosts_.begin();
    std::advance(at, random_.below(static_cast<std::uint32_t>(hosts_.size())));
    return at->first;
  }
  [[nodiscard]] bool all_have_begun() const {
    return std::ranges::all_of(hosts_, [](const auto& host) { return host.second.has_begun(); });
  }
  /// The lists that any host, dead or alive, has begun with.
  [[nodiscard]] const std::set<std::vector<raft::NodeId>>& lists() const { return lists_; }
  [[nodiscard]] std::size_t size() const { return hosts_.size(); }

private:
  void note() {
    for (const auto& [member, host] : hosts_)
      if (host.has_begun())
        lists_.insert(host.word().founders);
  }

  RandomStream random_;
  std::uint64_t epoch_ = 0;
  std::vector<raft::NodeId> members_;
  std::map<std::uint64_t, Founding> hosts_;
  std::set<std::vector<raft::NodeId>> lists_;
};

} // namespace

TEST_CASE("a host that is alone in its view begins at once", "[hosting]") {
  Founding host({7}, false);
  host.enter(1, {{1}}, {1});
  CHECK(host.has_begun());
  CHECK(host.word().founders == std::vector<raft::NodeId>{{7}});
}

TEST_CASE("hosts of one view begin together, with one list", "[hosting]") {
  Hosts hosts(1);
  for (std::uint64_t member = 1; member <= 3; ++member)
    hosts.come(member);
  hosts.view();
  hosts.step_all();
  CHECK(hosts.all_have_begun());
  CHECK(hosts.lists() == std::set<std::vector<raft::NodeId>>{{{101}, {102}, {103}}});
}

TEST_CASE("a host begins only when all members of the view are hosts", "[hosting]") {
  Founding host({7}, false);
  host.enter(1, {{1}, {2}, {3}}, {1});
  host.hear({2}, {{8}, 1, false, 1, {{7}, {8}, {9}}, false});
  CHECK_FALSE(host.has_begun());
  host.hear({3}, {{9}, 1, false, 0, {}, false});
  CHECK(host.word().pledged_in == 1);
  CHECK_FALSE(host.has_begun()); // the third one has pledged nothing
  host.hear({3}, {{9}, 1, false, 1, {{7}, {8}, {9}}, false});
  CHECK(host.has_begun());
}

TEST_CASE("who comes later, and who has lost its disk, joins those that have begun", "[hosting]") {
  Hosts hosts(1);
  hosts.come(1, true);
  hosts.come(2);
  hosts.come(3, true);
  hosts.view();
  hosts.step_all();
  CHECK(hosts.all_have_begun());
  for (const std::vector<raft::NodeId>& list : hosts.lists())
    CHECK(std::ranges::find(list, raft::NodeId{102}) == list.end());
}

TEST_CASE("whatever happens, all begin with one list", "[hosting]") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    Hosts hosts(seed);
    const std::uint64_t first = 2 + random.below(4);
    std::uint64_t last = first;
    for (std::uint64_t member = 1; member <= first; ++member)
      hosts.come(member);
    hosts.view();
    for (std::uint32_t views = random.below(4); views > 0; --views) {
      for (std::uint32_t steps = random.below(60); steps > 0; --steps)
        hosts.step();
      if (hosts.size() > 2 && random.bernoulli(0.7)) // fewer than half go at a time
        hosts.go(hosts.any());
      if (random.bernoulli(0.3))
        hosts.come(++last);
      hosts.view();
    }
    hosts.step_all();
    REQUIRE(hosts.all_have_begun());
    REQUIRE(hosts.lists().size() == 1);
  }
}

TEST_CASE("all are over when all that are there have said so", "[hosting]") {
  Founding host({7}, true);
  host.enter(1, {{1}, {2}, {3}}, {1});
  host.hear({2}, {{8}, 1, true, 0, {{7}}, false});
  host.end();
  CHECK_FALSE(host.all_are_over());
  host.hear({2}, {{8}, 1, true, 0, {{7}}, true});
  CHECK(host.all_are_over()); // the third one was never heard of
  host.hear({3}, {{9}, 1, true, 0, {{7}}, false});
  CHECK_FALSE(host.all_are_over());
  host.enter(2, {{1}, {2}}, {1});
  CHECK(host.all_are_over());
}

TEST_CASE("a word is what was encoded, and other bytes are none", "[hosting]") {
  const Founding::Word word{{7}, 5, true, 4, {{7}, {~std::uint64_t{0}}}, true};
  const std::vector<std::byte> bytes = keyed::encode(word);
  CHECK(*keyed::decode_word(bytes) == word);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(keyed::decode_word(std::span(bytes).first(size)));
}
