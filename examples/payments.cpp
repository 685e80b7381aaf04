// A bank on several nodes, whose transfers never lose a cent, whatever happens to nodes meanwhile:
//
//   stos run -n 3 payments --seconds 10
//
// An account is one agent, and a transfer concerns two, so it has three steps. The money leaves the
// first account, which remembers the transfer; it comes to the second one, which remembers the
// number of the last transfer from there; the first one forgets. Each step may be done again by any
// client at any time: who finds an account with a transfer under way brings that to its end first.
// So when a client dies in the middle, the next one goes on.

#include "libstos/stos.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace stos;

namespace {

// ---- accounts
// -------------------------------------------------------------------------------------

struct Transfer {
  std::uint64_t number = 0; // of the account that pays; 0: none
  std::uint32_t to = 0;
  std::int64_t cents = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Transfer& x) {
    return f.object(x).fields(f.field("number", x.number), f.field("to", x.to),
                              f.field("cents", x.cents));
  }
};

struct Statement { // what a query tells
  std::int64_t cents = 0;
  std::uint64_t last_number = 0;
  Transfer under_way;

  template <class Inspector>
  friend bool inspect(Inspector& f, Statement& x) {
    return f.object(x).fields(f.field("cents", x.cents), f.field("last_number", x.last_number),
                              f.field("under_way", x.under_way));
  }
};

struct Look {};
struct Open {
  std::int64_t cents = 0;
};
struct Pay { // the transfer under way, which is another one if there was one already
  std::uint32_t to = 0;
  std::int64_t cents = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Pay& x) {
    return f.object(x).fields(f.field("to", x.to), f.field("cents", x.cents));
  }
};
struct Receive {
  std::uint32_t from = 0;
  Transfer transfer;
};
struct Settle {
  std::uint64_t number = 0;
};

struct Account {
  static constexpr std::string_view name = "account";
  using Queries = keyed::Queries<Look>;
  using Commands = keyed::Commands<Open, Pay, Receive, Settle>;

  std::int64_t cents = 0;
  std::uint64_t last_number = 0;
  Transfer under_way;
  std::map<std::uint32_t, std::uint64_t> received; // by account: the number of the last one

  Statement query(const Look&) const { return {cents, last_number, under_way}; }

  void command(const Open& open, keyed::CommandContext& context) {
    if (context.is_new())
      cents = open.cents;
  }
  Transfer command(const Pay& pay) {
    if (under_way.number == 0 && cents >= pay.cents) {
      cents -= pay.cents;
      under_way = {++last_number, pay.to, pay.cents};
    }
    return under_way;
  }
  void command(const Receive& receive) {
    std::uint64_t& last = received[receive.from];
    if (receive.transfer.number <= last)
      return;
    last = receive.transfer.number;
    cents += receive.transfer.cents;
  }
  void command(const Settle& settle) {
    if (under_way.number == settle.number)
      under_way = {};
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Account& x) {
    return f.object(x).fields(f.field("cents", x.cents), f.field("last_number", x.last_number),
                              f.field("under_way", x.under_way), f.field("received", x.received));
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

  /// Asks again while it is open whether it was done (each step may be), for a minute.
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
      const auto transfer = tell(from, Pay{random.below(wishes_.accounts), random.below(100) + 1});
      if (transfer && note(from, *transfer) && complete(from, *transfer))
        ++transfers;
    }
    return transfers;
  }

  /// What all accounts have together, with no transfer under way any more; nothing if they cannot
  /// be asked.
  std::optional<std::int64_t> sum(std::ostream& out) {
    for (std::uint32_t i = 0; i < wishes_.accounts; ++i)
      if (const auto statement = look(i); !statement || !complete(i, statement->under_way))
        return std::nullopt;
    std::int64_t sum = 0;
    for (std::uint32_t i = 0; i < wishes_.accounts; ++i) {
      const auto statement = look(i);
      if (!statement)
        return std::nullopt;
      sum += statement->cents;
      out << "account " << i << " cents " << statement->cents << " number "
          << statement->last_number << '\n';
    }
    return sum;
  }

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
  keyed::Replied<Statement> look(std::uint32_t account) {
    return until_done([&] { return agents_.query<Account>("bank", key(account), Look{}); });
  }

  bool complete(std::uint32_t from, const Transfer& transfer) {
    return transfer.number == 0 ||
           (tell(transfer.to, Receive{from, transfer}) && tell(from, Settle{transfer.number}));
  }

  bool note(std::uint32_t from, const Transfer& transfer) {
    if (transfer.number == 0 || wishes_.log.empty())
      return transfer.number != 0;
    const std::lock_guard lock(log_mutex_);
    log_ << "paid " << from << " number " << transfer.number << std::endl;
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
  for (std::thread& client : clients)
    client.join();
  const std::string node = options.cluster.node.value_or("alone");
  const std::uint64_t nodes = options.distributed ? nodes_to_wait_for(options.cluster) : 1;
  bank.meet(node, nodes);
  const std::optional<std::int64_t> sum = bank.sum(std::cout);
  std::cout << node << ": " << transfers << " transfers" << std::endl;
  const std::int64_t wanted = first_cents * wishes.accounts;
  if (sum != wanted) {
    std::cerr << "payments: there are " << (sum ? std::to_string(*sum) : "unknown numbers of")
              << " cents, wanted: " << wanted << '\n';
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
        cli.option("--accounts", wishes.accounts, "number of accounts", 1, 100'000);
        cli.option("--clients", wishes.clients, "threads of each node that pay", 0, 1'000);
        cli.duration("--seconds", wishes.seconds, "for so long they do");
        cli.option("--round", wishes.round, "another one for each run on the same folders");
        cli.option("--log", wishes.log, "file that receives what was acknowledged");
      },
      [&](const RunOptions& options) { return play(options, wishes); });
}
