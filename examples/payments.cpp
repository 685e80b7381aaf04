// A bank on several nodes, whose transfers never lose a cent, whatever happens to nodes meanwhile:
//
//   stos run -n 3 payments --seconds 10
//
// An account is one agent, and a transfer concerns two, so it is a transaction: the money leaves
// the first account and comes to the second one at one moment, or not at all. Once a second, an
// audit looks at all accounts at one moment, and finds all the money that there is.

#include "libstos/stos.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace stos;

namespace {

// ---- accounts
// -------------------------------------------------------------------------------------

struct Statement { // what a query tells
  std::int64_t cents = 0;
  std::uint64_t payments = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Statement& x) {
    return f.object(x).fields(f.field("cents", x.cents), f.field("payments", x.payments));
  }
};

struct Look {};
struct Open {
  std::int64_t cents = 0;
};
struct Pay {
  std::int64_t cents = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Pay& x) {
    return f.object(x).fields(f.field("cents", x.cents));
  }
};
struct Receive {
  std::int64_t cents = 0;
};

struct Account {
  static constexpr std::string_view name = "account";
  using Queries = keyed::Queries<Look>;
  using Commands = keyed::Commands<Open, Pay, Receive>;

  std::int64_t cents = 0;
  std::uint64_t payments = 0;

  Statement query(const Look&) const { return {cents, payments}; }

  void command(const Open& open, keyed::CommandContext& context) {
    if (context.is_new())
      cents = open.cents;
  }
  std::uint64_t command(const Pay& pay) { // the number of this payment
    if (pay.cents > cents)
      throw std::runtime_error("there are only " + std::to_string(cents) + " cents");
    cents -= pay.cents;
    return ++payments;
  }
  void command(const Receive& receive) { cents += receive.cents; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Account& x) {
    return f.object(x).fields(f.field("cents", x.cents), f.field("payments", x.payments));
  }
};

// ---- where nodes wait for each other
// --------------------------------------------------------------

struct HowMany {};
struct Arrive {
  std::string node;

  template <class Inspector>
  friend bool inspect(Inspector& f, Arrive& x) {
    return f.object(x).fields(f.field("node", x.node));
  }
};

struct MeetingPlace {
  static constexpr std::string_view name = "meeting_place";
  using Queries = keyed::Queries<HowMany>;
  using Commands = keyed::Commands<Arrive>;

  std::set<std::string> nodes;

  std::uint64_t query(const HowMany&) const { return nodes.size(); }
  void command(const Arrive& arrive) { nodes.insert(arrive.node); }

  template <class Inspector>
  friend bool inspect(Inspector& f, MeetingPlace& x) {
    return f.object(x).fields(f.field("nodes", x.nodes));
  }
};

// ---- the bank
// -------------------------------------------------------------------------------------

struct Wishes {
  std::uint32_t accounts = 20;
  std::uint32_t clients = 4;
  double seconds = 3;
  std::string round = "1";
  std::string log; // receives what was acknowledged
};

constexpr std::int64_t first_cents = 10'000;

class Bank {
  using Clock = std::chrono::steady_clock;

  /// Asks again what may be done twice, for a minute.
  template <class F>
  static auto until_done(F ask) {
    const auto end = Clock::now() + std::chrono::minutes(1);
    auto answer = ask();
    while (!answer && answer.outcome() != keyed::Outcome::bad_request && Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      answer = ask();
    }
    return answer;
  }

public:
  Bank(ReplicatedAgents& agents, const Wishes& wishes) : agents_(agents), wishes_(wishes) {
    if (!wishes.log.empty())
      log_.open(wishes.log, std::ios::app);
  }

  /// Whether all accounts are there.
  bool open() {
    if (!until_done([&] { return agents_.put_quota("bank", 100'000); }))
      return false;
    for (std::uint32_t i = 0; i < wishes_.accounts; ++i)
      if (!tell(i, Open{first_cents}))
        return false;
    return true;
  }

  /// Pays until the time is over. Returns the number of transfers.
  std::uint64_t trade(std::uint64_t seed) {
    RandomStream random(seed);
    const auto end = Clock::now() + std::chrono::duration<double>(wishes_.seconds);
    std::uint64_t transfers = 0;
    while (Clock::now() < end) {
      const std::uint32_t from = random.below(wishes_.accounts);
      const std::uint32_t to = random.below(wishes_.accounts);
      const std::int64_t cents = random.below(100) + 1;
      const keyed::Committed done = agents_.transaction()
                                        .command<Account>("bank", key(from), Pay{cents})
                                        .command<Account>("bank", key(to), Receive{cents})
                                        .commit();
      if (done && note(from, *done.reply_to<Account, Pay>(0)))
        ++transfers;
    }
    return transfers;
  }

  /// Counts all the money until the time is over; false if there were too few or too many cents.
  bool audit() {
    const auto end = Clock::now() + std::chrono::duration<double>(wishes_.seconds);
    for (; Clock::now() < end; std::this_thread::sleep_for(std::chrono::seconds(1))) {
      const keyed::Committed all = look_at_all();
      if (all && sum_of(all) != wanted())
        return false;
    }
    return true;
  }

  /// What all accounts have together; nothing if they cannot be asked.
  std::optional<std::int64_t> sum(std::ostream& out) {
    const keyed::Committed all = until_done([&] { return look_at_all(); });
    if (!all)
      return std::nullopt;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto statement = *all.reply_to<Account, Look>(i);
      out << "account " << i << " cents " << statement.cents << " payments " << statement.payments
          << '\n';
    }
    return sum_of(all);
  }

  [[nodiscard]] std::int64_t wanted() const { return first_cents * wishes_.accounts; }

  /// Waits until so many nodes have paid all that they wanted to.
  void meet(const std::string& node, std::uint64_t count) {
    const std::string key = wishes_.round;
    if (!until_done([&] { return agents_.command<MeetingPlace>("bank", key, Arrive{node}); }))
      return;
    for (;;) {
      const auto there =
          until_done([&] { return agents_.query<MeetingPlace>("bank", key, HowMany{}); });
      if (!there || *there >= count)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

private:
  static std::string key(std::uint32_t account) { return std::to_string(account); }

  template <class C>
  keyed::RepliedTo<Account, C> tell(std::uint32_t account, const C& command) {
    return until_done([&] { return agents_.command<Account>("bank", key(account), command); });
  }

  /// At one moment.
  keyed::Committed look_at_all() {
    AgentTransaction audit = agents_.transaction();
    for (std::uint32_t i = 0; i < wishes_.accounts; ++i)
      audit.query<Account>("bank", key(i), Look{});
    return audit.commit();
  }

  static std::int64_t sum_of(const keyed::Committed& all) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      sum += all.reply_to<Account, Look>(i)->cents;
    return sum;
  }

  bool note(std::uint32_t from, std::uint64_t number) {
    if (wishes_.log.empty())
      return true;
    const std::lock_guard lock(log_mutex_);
    log_ << "paid " << from << " number " << number << std::endl;
    return true;
  }

  ReplicatedAgents& agents_;
  const Wishes& wishes_;
  std::mutex log_mutex_;
  std::ofstream log_;
};

int play(const RunOptions& options, const Wishes& wishes) {
  keyed::AgentTypes types;
  types.add<Account>();
  types.add<MeetingPlace>();
  ReplicatedAgents agents(std::move(types));
  agents.set_patience(std::chrono::seconds(5));
  Bank bank(agents, wishes);
  if (!bank.open()) {
    std::cerr << "payments: the bank cannot be opened\n";
    return 1;
  }
  std::atomic<std::uint64_t> transfers = 0;
  std::vector<std::thread> clients;
  for (std::uint32_t i = 0; i < wishes.clients; ++i)
    clients.emplace_back([&, seed = options.seed * 1'000 + i] { transfers += bank.trade(seed); });
  std::atomic<bool> is_right = true;
  if (wishes.clients > 0)
    clients.emplace_back([&] { is_right = bank.audit(); });
  for (std::thread& client : clients)
    client.join();
  if (!is_right) {
    std::cerr << "payments: an audit has not found all cents\n";
    return 1;
  }
  const std::string node = options.cluster.node.value_or("alone");
  const std::uint64_t nodes = options.distributed ? nodes_to_wait_for(options.cluster) : 1;
  bank.meet(node, nodes);
  const std::optional<std::int64_t> sum = bank.sum(std::cout);
  std::cout << node << ": " << transfers << " transfers" << std::endl;
  if (sum != bank.wanted()) {
    std::cerr << "payments: there are " << (sum ? std::to_string(*sum) : "unknown numbers of")
              << " cents, wanted: " << bank.wanted() << '\n';
    return 1;
  }
  std::cout << "all " << *sum << " cents are there" << std::endl;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  Wishes wishes;
  return run_main(
      argc, argv, "Moves money between accounts that nodes of a cluster keep together.",
      [&](CommandLine& cli) {
        cli.option("--accounts", wishes.accounts, "number of accounts", 1, 1'000);
        cli.option("--clients", wishes.clients, "threads of each node that pay", 0, 1'000);
        cli.duration("--seconds", wishes.seconds, "for so long they do");
        cli.option("--round", wishes.round, "another one for each run on the same folders");
        cli.option("--log", wishes.log, "file that receives what was acknowledged");
      },
      [&](const RunOptions& options) { return play(options, wishes); });
}
