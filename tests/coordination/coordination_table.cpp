#include "libstos/service/coordination/coordination_table.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace stos;
using namespace stos::coordination;

namespace {

using What = Request::What;
using Outcome = Answer::Outcome;

/// A table, and what is asked of it by sessions 1, 2, ...
class Log {
public:
  CoordinationTable table{77};

  Answer apply(const Request& request) {
    table.apply(
        CoordinationTable::entry(now_ms, CoordinationTable::wish({77, ++number_}, request)));
    auto results = table.take_results();
    REQUIRE(results.size() == 1);
    CHECK(results[0].first == number_);
    return results[0].second;
  }
  void wait_until(std::uint64_t then_ms) {
    now_ms = then_ms;
    table.apply(CoordinationTable::entry(now_ms, CoordinationTable::wish({}, {})));
  }

  Answer open(std::uint64_t session, std::uint32_t lease_ms = 10'000) {
    Request request = of(What::open, session);
    request.lease_ms = lease_ms;
    request.name = "client " + std::to_string(session);
    return apply(request);
  }
  Answer renew(std::uint64_t session) { return apply(of(What::renew, session)); }
  Answer close(std::uint64_t session) { return apply(of(What::close, session)); }
  Answer acquire(std::uint64_t session, std::uint64_t sequence, const std::string& lock,
                 std::optional<std::uint64_t> wait_ms = {}, std::uint32_t permits = 1) {
    Request request = of(What::acquire, session, sequence);
    request.name = lock;
    request.wait_ms = wait_ms;
    request.permits = permits;
    return apply(request);
  }
  Answer release(std::uint64_t session, std::uint64_t sequence, std::uint64_t claim) {
    Request request = of(What::release, session, sequence);
    request.claim = claim;
    return apply(request);
  }
  Answer put(std::uint64_t session, std::uint64_t sequence, const std::string& key,
             const std::string& value, std::optional<std::uint64_t> expected = {}) {
    Request request = of(What::put, session, sequence);
    request.name = key;
    request.value = value;
    request.expected = expected;
    return apply(request);
  }
  Answer get(const std::string& key) {
    Request request;
    request.what = What::get;
    request.name = key;
    return table.look(request);
  }
  Answer watch(const std::string& key, std::uint64_t after, bool is_prefix = false) {
    Request request;
    request.what = What::watch;
    request.name = key;
    request.after = after;
    request.is_prefix = is_prefix;
    return table.look(request);
  }
  static Request of(What what, std::uint64_t session, std::uint64_t sequence = 0) {
    Request request;
    request.what = what;
    request.session = {session};
    request.sequence = sequence;
    return request;
  }

  std::uint64_t now_ms = 0;

private:
  std::uint64_t number_ = 0;
};

std::string text(const Answer& answer) {
  return answer.entries.empty() ? "-" : answer.entries[0].value;
}

} // namespace

TEST_CASE("a lock is granted in the order of asking, each time with a higher number") {
  Log log;
  for (std::uint64_t session : {1, 2, 3})
    log.open(session);
  CHECK(log.acquire(1, 1, "lock").fence == 1);
  CHECK(log.acquire(2, 1, "lock").outcome == Outcome::waiting);
  CHECK(log.acquire(3, 1, "lock").outcome == Outcome::waiting);
  CHECK(log.acquire(3, 2, "other").fence == 2);
  CHECK(log.release(1, 2, 1).outcome == Outcome::done);
  CHECK(log.table.claim({{2}, 1}).fence == 3);
  CHECK(log.table.claim({{3}, 1}).outcome == Outcome::waiting);
  log.release(2, 2, 1);
  CHECK(log.table.claim({{3}, 1}).fence == 4);
  log.release(3, 3, 1);
  CHECK(log.acquire(1, 3, "lock").fence == 5);
}

TEST_CASE("a lock that is held cannot be had at once, nor for longer than one waits") {
  Log log;
  for (std::uint64_t session : {1, 2, 3})
    log.open(session);
  log.acquire(1, 1, "lock");
  CHECK(log.acquire(2, 1, "lock", 0).outcome == Outcome::timed_out);
  CHECK(log.acquire(2, 2, "lock", 500).outcome == Outcome::waiting);
  CHECK(log.acquire(3, 1, "lock").outcome == Outcome::waiting);
  CHECK(log.table.next_end_ms() == 500);
  log.wait_until(499);
  CHECK(log.table.claim({{2}, 2}).outcome == Outcome::waiting);
  log.wait_until(500);
  CHECK(log.table.claim({{2}, 2}).outcome == Outcome::timed_out);
  CHECK(log.acquire(2, 2, "lock", 500).outcome == Outcome::timed_out); // the same one, once more
  log.release(1, 2, 1);
  CHECK(log.table.claim({{3}, 1}).fence == 2);
}

TEST_CASE("what a session holds is released when its lease ends, and not before") {
  Log log;
  log.open(1, 1000);
  log.open(2, 5000);
  log.acquire(1, 1, "lock");
  log.acquire(2, 1, "lock");
  log.wait_until(900);
  CHECK(log.renew(1).outcome == Outcome::done);
  log.wait_until(1899);
  CHECK(log.table.claim({{1}, 1}).fence == 1);
  log.wait_until(1900);
  CHECK(log.table.claim({{1}, 1}).outcome == Outcome::session_over);
  CHECK(log.table.claim({{2}, 1}).fence == 2);
  CHECK(log.table.leases_ended() == 1);
  CHECK(log.renew(1).outcome == Outcome::session_over);
  CHECK(log.acquire(1, 2, "lock").outcome == Outcome::session_over);
  CHECK(log.release(1, 3, 1).outcome == Outcome::session_over);
  CHECK(log.put(1, 4, "key", "value").outcome == Outcome::session_over);
}

TEST_CASE("leases and patience end in their order, however late the log comes to know") {
  Log log;
  for (std::uint64_t session : {1, 2, 3})
    log.open(session, session == 1 ? 1000 : 10'000);
  log.acquire(1, 1, "lock");
  log.acquire(2, 1, "lock", 1500); // its patience ends after the lease of the holder
  log.acquire(3, 1, "lock", 800);  // and before
  log.wait_until(5000);
  CHECK(log.table.claim({{3}, 1}).outcome == Outcome::timed_out);
  CHECK(log.table.claim({{2}, 1}).fence == 2);
}

TEST_CASE("a session that is closed leaves its locks and its places in queues") {
  Log log;
  for (std::uint64_t session : {1, 2, 3})
    log.open(session);
  log.acquire(1, 1, "a");
  log.acquire(2, 1, "a");
  log.acquire(2, 2, "b");
  log.acquire(3, 1, "a");
  log.acquire(3, 2, "b");
  CHECK(log.close(2).outcome == Outcome::done);
  CHECK(log.table.claim({{3}, 2}).fence == 3);
  log.release(1, 2, 1);
  CHECK(log.table.claim({{3}, 1}).fence == 4);
  CHECK(log.close(2).outcome == Outcome::done);
  log.close(3);
  log.close(1);
  CHECK(log.table.locks().held() == 0);
  CHECK(log.table.locks().last_fence() == 4);
  CHECK(log.table.leases_ended() == 0);
}

TEST_CASE("a semaphore has its permits, and keeps their number while it is in use") {
  Log log;
  for (std::uint64_t session : {1, 2, 3})
    log.open(session);
  CHECK(log.acquire(1, 1, "s", {}, 2).fence == 1);
  CHECK(log.acquire(2, 1, "s", {}, 2).fence == 2);
  CHECK(log.acquire(3, 1, "s", {}, 2).outcome == Outcome::waiting);
  const Answer other = log.acquire(3, 2, "s", {}, 3);
  CHECK(other.outcome == Outcome::bad_request);
  CHECK(other.why == "lock s has 2 permits for now, not 3");
  log.release(1, 2, 1);
  CHECK(log.table.claim({{3}, 1}).fence == 3);
  log.release(2, 2, 1);
  log.release(3, 3, 1);
  CHECK(log.acquire(3, 4, "s", {}, 3).fence == 4);
}

TEST_CASE("a request that comes again is not done again") {
  Log log;
  log.open(1);
  const Answer first = log.put(1, 1, "key", "a");
  CHECK(log.put(1, 1, "key", "a") == first);
  CHECK(log.table.map().revision() == 1);
  log.put(1, 2, "key", "b");
  CHECK(log.put(1, 1, "key", "a") == first);
  CHECK(text(log.get("key")) == "b");
  CHECK(log.acquire(1, 3, "lock").fence == 1);
  CHECK(log.acquire(1, 3, "lock").fence == 1);
  CHECK(log.release(1, 4, 3).outcome == Outcome::done);
  CHECK(log.release(1, 4, 3).outcome == Outcome::done);
  CHECK(log.acquire(1, 3, "lock").outcome == Outcome::not_there); // it was released
  Request later = Log::of(What::put, 1, 5);
  later.name = "key";
  later.done_below = 5;
  CHECK(log.apply(later).revision == 3);
  CHECK(log.put(1, 2, "key", "b").outcome == Outcome::bad_request);
  CHECK(log.open(1).outcome == Outcome::done);
  CHECK(log.table.map().revision() == 3);
}

TEST_CASE("a change that expects a revision is done if the key has it") {
  Log log;
  log.open(1);
  CHECK(log.put(1, 1, "key", "a", 0).revision == 1);
  const Answer there = log.put(1, 2, "key", "b", 0);
  CHECK(there.outcome == Outcome::conflict);
  CHECK(there.why == "key key has revision 1, expected was no value");
  CHECK(text(there) == "a");
  CHECK(log.put(1, 3, "key", "b", 1).revision == 2);
  CHECK(log.put(1, 4, "key", "c", 1).outcome == Outcome::conflict);
  Request remove = Log::of(What::remove, 1, 5);
  remove.name = "key";
  remove.expected = 1;
  CHECK(log.apply(remove).outcome == Outcome::conflict);
  remove.sequence = 6;
  remove.expected = 2;
  CHECK(log.apply(remove).revision == 3);
  remove.sequence = 7;
  CHECK(log.apply(remove).why == "key key has no value, expected was revision 2");
  CHECK(log.get("key").outcome == Outcome::not_there);
}

TEST_CASE("of all values that are proposed one is agreed on") {
  Log log;
  log.open(1);
  log.open(2);
  Request propose = Log::of(What::propose, 1, 1);
  propose.name = "who";
  propose.value = "one";
  CHECK(text(log.apply(propose)) == "one");
  propose = Log::of(What::propose, 2, 1);
  propose.name = "who";
  propose.value = "two";
  CHECK(text(log.apply(propose)) == "one");
}

TEST_CASE("a watch has each change once, and says when some are forgotten") {
  Log log;
  log.open(1);
  log.put(1, 1, "a/1", "x");
  log.put(1, 2, "b", "y");
  log.put(1, 3, "a/2", "z");
  Request remove = Log::of(What::remove, 1, 4);
  remove.name = "a/1";
  log.apply(remove);
  const Answer all = log.watch("a/", 0, true);
  REQUIRE(all.changes.size() == 3);
  CHECK(all.changes[0].entry == Entry{"a/1", "x", 1});
  CHECK(all.changes[1].entry == Entry{"a/2", "z", 3});
  CHECK(all.changes[2].is_removal);
  CHECK(all.changes[2].entry.revision == 4);
  CHECK(all.revision == 4);
  CHECK(log.watch("a/", 3, true).changes.size() == 1);
  CHECK(log.watch("b", 0).changes.size() == 1);
  CHECK(log.watch("b", 4).changes.empty());
  CHECK(log.watch("b", 9).revision == 9); // of another node, which is ahead
  const std::string large(60'000, 'v');
  for (std::uint64_t i = 0; i < 30; ++i) {
    Request put = Log::of(What::put, 1, 10 + i);
    put.name = "large";
    put.value = large;
    put.done_below = 10 + i;
    log.apply(put);
  }
  const Answer forgotten = log.watch("b", 3);
  CHECK(forgotten.outcome == Outcome::compacted);
  CHECK(forgotten.revision > 4);
  CHECK_FALSE(log.watch("large", forgotten.revision).changes.empty());
}

TEST_CASE("limits are named in what is refused") {
  Log log;
  log.open(1);
  const auto why = [](const Answer& answer) { return answer.why; };
  CHECK(why(log.put(1, 1, "", "")) == "a key of 0 bytes; wanted: 1 to 512");
  CHECK(why(log.put(1, 1, std::string(513, 'k'), "")) == "a key of 513 bytes; wanted: 1 to 512");
  CHECK(why(log.put(1, 1, "k", std::string(65'537, 'v'))) ==
        "a value of 65537 bytes; the limit is 65536");
  CHECK(why(log.acquire(1, 1, "")) == "the name of a lock of 0 bytes; wanted: 1 to 512");
  CHECK(why(log.acquire(1, 1, "l", {}, 0)) == "0 permits; wanted: 1 to 10000");
  CHECK(why(log.open(2, 100)) == "a lease of 100 ms; wanted: 500 to 3600000");
  CHECK(why(log.open(0)) == "no session");
  CHECK(why(log.put(1, 0, "k", "v")) == "no sequence number");
  std::uint64_t sequence = 0;
  const auto next = [&sequence](What what) {
    Request request = Log::of(what, 1, ++sequence);
    request.done_below = sequence;
    return request;
  };
  Answer last;
  for (int i = 0; i < 70 && last.outcome == Outcome::done; ++i) {
    Request put = next(What::put);
    put.name = "k" + std::to_string(i);
    put.value = std::string(65'000, 'v');
    last = log.apply(put);
  }
  CHECK(last.outcome == Outcome::full);
  CHECK(last.why.find("the limit is 4194304") != std::string::npos);
  last = {};
  for (int i = 0; i < 1001 && last.outcome == Outcome::done; ++i) {
    Request acquire = next(What::acquire);
    acquire.name = "l" + std::to_string(i);
    last = log.apply(acquire);
  }
  CHECK(last.why == "the client has 1000 locks and places at locks, which is the limit");
  Log other;
  other.open(1);
  for (std::uint64_t i = 1; i <= 64; ++i)
    other.put(1, i, "k", "v");
  CHECK(other.put(1, 65, "k", "v").outcome == Outcome::full);
}

TEST_CASE("a snapshot has all of it, and any node goes on from it alike") {
  RandomStream random(mix64(5));
  Log log;
  CoordinationTable other(3);
  for (int round = 0; round < 3000; ++round) {
    Request request;
    request.what = static_cast<What>(random.below(9));
    request.session = {1 + random.below(4)};
    request.sequence = 1 + random.below(200);
    request.done_below = request.sequence > 30 ? request.sequence - 30 : 0;
    request.name = std::string(1, static_cast<char>('a' + random.below(3)));
    request.value = std::to_string(round);
    request.lease_ms = 500 + random.below(1000);
    request.claim = 1 + random.below(200);
    if (random.bernoulli(0.5))
      request.wait_ms = random.below(300);
    if (random.bernoulli(0.2))
      request.expected = random.below(20);
    log.now_ms += random.below(60);
    const std::vector<std::byte> entry =
        CoordinationTable::entry(log.now_ms, CoordinationTable::wish({1, 1}, request));
    log.table.apply(entry);
    other.apply(entry);
    if (round % 100 == 0) {
      const std::vector<std::byte> state = log.table.snapshot();
      REQUIRE(other.snapshot() == state);
      CoordinationTable again(3);
      REQUIRE(again.restore(state));
      REQUIRE(again.snapshot() == state);
      REQUIRE(again.next_end_ms() == log.table.next_end_ms());
      other = again;
    }
  }
  CHECK(log.table.locks().last_fence() > 50);
  CHECK(log.table.leases_ended() > 5);
}

TEST_CASE("any bytes are an entry, or have no effect") {
  RandomStream random(mix64(6));
  Log log;
  log.open(1);
  log.acquire(1, 1, "lock");
  log.put(1, 2, "key", "value");
  const std::vector<std::byte> state = log.table.snapshot();
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> bytes(random.below(60));
    for (std::byte& each : bytes)
      each = static_cast<std::byte>(random.below(256));
    CoordinationTable table(1);
    static_cast<void>(table.restore(bytes));
    table.apply(bytes);
    std::vector<std::byte> broken = state;
    broken[random.below(static_cast<std::uint32_t>(broken.size()))] ^=
        static_cast<std::byte>(1 + random.below(255));
    if (table.restore(broken)) {
      table.apply(CoordinationTable::entry(10'000'000, CoordinationTable::wish({}, {})));
      static_cast<void>(table.look(Log::of(What::locks, 1)));
    }
  }
  CHECK(log.table.snapshot() == state);
}
