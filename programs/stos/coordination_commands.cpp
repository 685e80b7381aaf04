#include "programs/stos/coordination_commands.hpp"

#include "actors/coordination.hpp"
#include "libstos/base/json_writer.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/cluster_access.hpp"
#include "programs/stos/held_command.hpp"
#include "programs/stos/text_table.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>

namespace stos::program {
namespace {

using coordination::ClaimStatus;
using coordination::LockStatus;
using Entry = SharedMap::Entry;

/// A client, for what the command line of a word says.
struct Access {
  ClusterAccess cluster;
  double lease_s = 10;

  [[nodiscard]] Result<std::unique_ptr<CoordinationClient>> connect(bool commands) const {
    CoordinationClient::Options options;
    options.nodes = cluster.nodes_to_ask();
    options.patience_s = cluster.patience_s;
    options.tls = cluster.tls;
    options.insecure = cluster.insecure;
    options.commands = commands;
    options.lease_s = lease_s;
    return CoordinationClient::connect(std::move(options));
  }
};

// ---- lock

int lock_list(const std::vector<std::string>& words) {
  CLI::App app("Shows who holds the locks of a cluster, and who waits for them.", "stos lock list");
  Access access;
  bool json = false;
  app.add_flag("--json", json, "One line of JSON, for scripts.");
  add_cluster_access(app, access.cluster);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto client = access.connect(false);
  if (!client)
    return failed(app, client.error().context);
  const Result<std::vector<LockStatus>> locks = (*client)->locks();
  if (!locks)
    return failed(app, locks.error().context);
  constexpr double ms = 1e-3;
  if (json) {
    JsonWriter out;
    out.begin_object();
    out.begin_array("locks");
    for (const LockStatus& lock : *locks) {
      out.begin_object();
      out.member("name", lock.name);
      out.member("permits", lock.permits);
      out.begin_array("claims");
      for (const ClaimStatus& claim : lock.claims) {
        out.begin_object();
        out.member("client", claim.client);
        out.member("fence", claim.fence);
        out.member("for_s", ms * static_cast<double>(claim.for_ms));
        out.member("lease_left_s", ms * static_cast<double>(claim.left_ms));
        out.end_object();
      }
      out.end_array();
      out.end_object();
    }
    out.end_array();
    out.end_object();
    std::cout << out.take() + "\n" << std::flush;
    return 0;
  }
  Table table({"lock", "permits", "fence", "for", "lease", "client"});
  for (const LockStatus& lock : *locks)
    for (const ClaimStatus& claim : lock.claims)
      table.add({shown(lock.name, 40), std::to_string(lock.permits),
                 claim.fence == 0 ? "waits" : std::to_string(claim.fence),
                 duration_text(ms * static_cast<double>(claim.for_ms)),
                 duration_text(ms * static_cast<double>(claim.left_ms)), shown(claim.client, 60)});
  for (const std::string& line : table.lines(std::numeric_limits<std::size_t>::max()))
    std::cout << line << '\n';
  std::cout << std::flush;
  return 0;
}

int hold(const std::vector<std::string>& words) {
  CLI::App app("Waits for a lock of a cluster, and holds it while a command runs, which has the "
               "fencing number\nas FENCE_OF_STOS. Ends with the exit code of the command; 3: the "
               "lock was not to be had in\nthat time, 4: its lease has ended, and the command was "
               "killed. See docs/coordination.md.\n`stos lock list` shows who holds which.",
               "stos lock");
  Access access;
  CoordinationClient::LockOptions options;
  std::string name;
  std::vector<std::string> command;
  double wait_s = -1;
  bool tries = false;
  app.add_option("name", name, "Of the lock, and behind -- the command with its arguments.")
      ->required()
      ->type_name("NAME -- COMMAND...");
  app.add_option("--permits", options.permits,
                 "So many hold it at a time: a semaphore. All that use it have to say the same.")
      ->type_name("N")
      ->capture_default_str();
  add_duration(app, "--wait", wait_s, 0, 1e9, "Not longer than that; default: for ever.");
  app.add_flag("--try", tries, "Do not wait for it.");
  add_duration(app, "--lease", access.lease_s, 0.5, 3600,
               "How long it is held without a word of this process, which renews it; default: "
               "10 s.");
  add_cluster_access(app, access.cluster);
  if (const auto exit_code = parse_words(app, words, command, std::cout, std::cerr))
    return *exit_code;
  if (command.empty())
    return report_bad_usage(app, "wanted: a COMMAND behind --", std::cerr);
  if (wait_s >= 0 || tries)
    options.wait_s = tries ? 0 : wait_s;
  const auto client = access.connect(true);
  if (!client)
    return failed(app, client.error().context);
  Result<Lock> lock = (*client)->lock(name, options);
  if (!lock) {
    failed(app, lock.error().context);
    return lock.error().code == Errc::try_later ? exit_no : exit_failed;
  }
  bool is_lost = false;
  const int ending =
      run_while(app.get_name(), command,
                {{"LOCK_OF_STOS", name}, {"FENCE_OF_STOS", std::to_string(lock->fence())}}, [&] {
                  is_lost = is_lost || !lock->is_held();
                  return !is_lost;
                });
  if (is_lost || !lock->is_held()) {
    failed(app, "the lease of lock " + name + " has ended while the command ran" +
                    (is_lost ? ", which was killed" : ""));
    return exit_lease_lost;
  }
  lock->release();
  return ending;
}

// ---- kv

void write(const Entry& entry, JsonWriter& out) {
  out.member("key", entry.key);
  out.member("value", entry.value);
  out.member("revision", entry.revision);
}

std::string line_of(const Entry& entry) {
  JsonWriter out;
  out.begin_object();
  write(entry, out);
  out.end_object();
  return out.take() + "\n";
}

/// What the words about one key have in common.
struct KeyWord {
  Access access;
  std::string key;
  std::string value;
  bool json = false;
  std::unique_ptr<CoordinationClient> client;

  void add_value(CLI::App& app) {
    app.add_option("value", value, "The value; -: what standard input has.")
        ->required()
        ->type_name("VALUE");
  }
  /// Reads the command line, and calls a node. The exit code, if that is all.
  std::optional<int> begin(CLI::App& app, const std::vector<std::string>& words, bool commands) {
    add_cluster_access(app, access.cluster);
    if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
      return exit_code;
    if (value == "-")
      value = {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    auto connected = access.connect(commands);
    if (!connected)
      return failed(app, connected.error().context);
    client = *std::move(connected);
    return std::nullopt;
  }
};

void add_key(CLI::App& app, KeyWord& word) {
  app.add_option("key", word.key, "1 to 512 bytes.")->required()->type_name("KEY");
}

int kv_get(const std::vector<std::string>& words) {
  CLI::App app("Prints the value of a key. Ends with 3 if it has none.", "stos kv get");
  KeyWord word;
  add_key(app, word);
  app.add_flag("--json", word.json, "One line of JSON, with the revision.");
  if (const auto exit_code = word.begin(app, words, false))
    return *exit_code;
  const auto entry = word.client->map().get(word.key);
  if (!entry)
    return failed(app, entry.error().context);
  if (!*entry) {
    failed(app, "key " + word.key + " has no value");
    return exit_no;
  }
  std::cout << (word.json ? line_of(**entry) : (*entry)->value + "\n") << std::flush;
  return 0;
}

int kv_put(const std::vector<std::string>& words) {
  CLI::App app("Gives a key a value, and prints the revision of the change.", "stos kv put");
  KeyWord word;
  add_key(app, word);
  word.add_value(app);
  if (const auto exit_code = word.begin(app, words, true))
    return *exit_code;
  const auto revision = word.client->map().put(word.key, word.value);
  if (!revision)
    return failed(app, revision.error().context);
  std::cout << std::to_string(*revision) + "\n" << std::flush;
  return 0;
}

int print_swap(const CLI::App& app, const Result<SharedMap::Swap>& swap) {
  if (!swap)
    return failed(app, swap.error().context);
  if (!swap->is_done) {
    failed(app, swap->instead ? "it has revision " + std::to_string(swap->instead->revision)
                              : "it has no value");
    return exit_no;
  }
  std::cout << std::to_string(swap->revision) + "\n" << std::flush;
  return 0;
}

int kv_delete(const std::vector<std::string>& words) {
  CLI::App app("Deletes a key, and prints the revision of the change. Ends with 3 if it has no "
               "value, or\nanother revision than expected.",
               "stos kv delete");
  KeyWord word;
  std::optional<std::uint64_t> expected;
  add_key(app, word);
  app.add_option("--revision", expected, "Only if it has that one.")->type_name("REVISION");
  if (const auto exit_code = word.begin(app, words, true))
    return *exit_code;
  if (expected)
    return print_swap(app, word.client->map().compare_and_remove(word.key, *expected));
  const auto revision = word.client->map().remove(word.key);
  if (!revision)
    return failed(app, revision.error().context);
  if (!*revision) {
    failed(app, "key " + word.key + " has no value");
    return exit_no;
  }
  std::cout << std::to_string(**revision) + "\n" << std::flush;
  return 0;
}

int kv_cas(const std::vector<std::string>& words) {
  CLI::App app("Gives a key a value if it has the revision that is expected (0: no value), and "
               "prints the\nrevision of the change. Ends with 3 if it has another one.",
               "stos kv cas");
  KeyWord word;
  std::uint64_t expected = 0;
  add_key(app, word);
  app.add_option("revision", expected, "The revision that is expected; 0: no value.")
      ->required()
      ->type_name("REVISION");
  word.add_value(app);
  if (const auto exit_code = word.begin(app, words, true))
    return *exit_code;
  return print_swap(app, word.client->map().compare_and_set(word.key, expected, word.value));
}

int kv_propose(const std::vector<std::string>& words) {
  CLI::App app("Proposes a value for a key, and prints the one that all agree on: the first that "
               "was proposed.",
               "stos kv propose");
  KeyWord word;
  add_key(app, word);
  word.add_value(app);
  if (const auto exit_code = word.begin(app, words, true))
    return *exit_code;
  const Result<std::string> value = word.client->map().propose(word.key, word.value);
  if (!value)
    return failed(app, value.error().context);
  std::cout << *value + "\n" << std::flush;
  return 0;
}

int kv_list(const std::vector<std::string>& words) {
  CLI::App app("Prints the keys that begin so, with their values, a line of JSON each.",
               "stos kv list");
  KeyWord word;
  app.add_option("prefix", word.key, "The beginning of the keys; default: all keys.")
      ->type_name("PREFIX");
  if (const auto exit_code = word.begin(app, words, false))
    return *exit_code;
  const auto listing = word.client->map().list(word.key);
  if (!listing)
    return failed(app, listing.error().context);
  for (const Entry& entry : listing->entries)
    std::cout << line_of(entry);
  std::cout << std::flush;
  return 0;
}

int kv_watch(const std::vector<std::string>& words) {
  CLI::App app("Prints the changes of a key, a line of JSON each, as they come: each one once, in "
               "their order.\nA key that was deleted has no value there.",
               "stos kv watch");
  KeyWord word;
  bool is_prefix = false;
  std::optional<std::uint64_t> after;
  std::uint64_t count = 0;
  app.add_option("key", word.key, "The key; with --prefix, its beginning.")->type_name("KEY");
  app.add_flag("--prefix", is_prefix, "All keys that begin so.");
  app.add_option("--after", after,
                 "Those after that revision; default: those that come from now on.")
      ->type_name("REVISION");
  app.add_option("--count", count, "End after so many; default: never.")->type_name("N");
  if (const auto exit_code = word.begin(app, words, false))
    return *exit_code;
  SharedMap map = word.client->map();
  if (!after) {
    const auto now = map.list(word.key);
    if (!now)
      return failed(app, now.error().context);
    after = now->revision;
  }
  constexpr double wait_s = 5;
  for (std::uint64_t seen = 0; count == 0 || seen < count;) {
    const auto changes = map.watch(word.key, *after, wait_s, is_prefix);
    if (!changes)
      return failed(app, changes.error().context);
    if (changes->is_compacted) {
      failed(app, "changes after revision " + std::to_string(*after) +
                      " are forgotten up to revision " + std::to_string(changes->revision));
      return exit_no;
    }
    for (const coordination::Change& change : changes->changes) {
      if (count != 0 && seen == count)
        break;
      JsonWriter out;
      out.begin_object();
      out.member("key", change.entry.key);
      if (!change.is_removal)
        out.member("value", change.entry.value);
      out.member("revision", change.entry.revision);
      out.end_object();
      std::cout << out.take() + "\n";
      ++seen;
    }
    std::cout << std::flush;
    after = changes->revision;
  }
  return 0;
}

} // namespace

int lock(const std::vector<std::string>& words) {
  if (!words.empty() && words.front() == "list")
    return lock_list({words.begin() + 1, words.end()});
  return hold(words);
}

int kv(const std::vector<std::string>& words) {
  return dispatch_word(
      "kv", "Values that a cluster shares; see docs/coordination.md.",
      {{"get", "Print the value of a key.", kv_get},
       {"put", "Give a key a value.", kv_put},
       {"delete", "Delete a key.", kv_delete},
       {"cas", "Give a key a value if it has an expected revision.", kv_cas},
       {"propose", "Agree on a value for a key: the first one counts.", kv_propose},
       {"list", "Print keys with their values.", kv_list},
       {"watch", "Print changes as they come.", kv_watch}},
      words);
}

} // namespace stos::program
