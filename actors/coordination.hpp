#pragma once

#include "actors/messages/coordination_messages.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"
#include "libstos/service/coordination/request.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stos {

namespace detail {
class ClientSession;
}

/// Locks and shared values of a cluster, for programs; docs/coordination.md says what they promise.
///
///   auto client = CoordinationClient::connect({.nodes = {{"127.0.0.1", 4242}}});
///   Result<Lock> lock = (*client)->lock("the printer");
///   printer.print(page, lock->fence());                // which refuses lower numbers than it has
///   seen
///
///   SharedMap map = (*client)->map();
///   map.put("colour", "blue");

/// A permit of a lock, for as long as the object lives, and as the lease of its client lasts.
///
/// Threads: one at a time.
class Lock {
public:
  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

  /// Higher than that of every grant before, of any lock of the cluster.
  [[nodiscard]] std::uint64_t fence() const { return fence_; }

  /// By this process's clock: false as soon as the lease may have ended. A process that is stopped
  /// right after it has asked does harm all the same: so a resource is to check the fence.
  [[nodiscard]] bool is_held() const;

  /// The next one that waits gets it. So does the destructor; where no node answers, it is the end
  /// of the lease that releases.
  void release();

private:
  friend class CoordinationClient;
  Lock(std::shared_ptr<detail::ClientSession> session, std::uint64_t number, std::uint64_t claim,
       std::uint64_t fence)
      : session_(std::move(session)), number_(number), claim_(claim), fence_(fence) {}

  std::shared_ptr<detail::ClientSession> session_; // null: it was released
  std::uint64_t number_;                           // of the session
  std::uint64_t claim_;
  std::uint64_t fence_;
};

/// The map from keys to values that all clients of a cluster share; both are any bytes. See
/// coordination::VersionedMap for limits and what revisions are.
///
/// Threads: any.
/// Errors:  those of CoordinationClient; bad_argument also where a limit of the map is met.
class SharedMap {
public:
  using Entry = coordination::Entry;

  /// All that any client was told to be done before, is seen.
  [[nodiscard]] Result<std::optional<Entry>> get(const std::string& key);

  /// All keys that begin so, in their order, with the revision of the whole map: what changes after
  /// that, a watch from there on has.
  struct Listing {
    std::vector<Entry> entries;
    std::uint64_t revision = 0;
  };
  [[nodiscard]] Result<Listing> list(const std::string& prefix = {});

  /// Each returns the revision of the change. It is done once, or, if this fails with try_later,
  /// perhaps, once.
  [[nodiscard]] Result<std::uint64_t> put(const std::string& key, const std::string& value);
  /// Nothing if there was no value.
  [[nodiscard]] Result<std::optional<std::uint64_t>> remove(const std::string& key);

  /// Only if the key has that revision; 0: no value.
  struct Swap {
    bool is_done = false;
    std::uint64_t revision = 0;   ///< that it has now
    std::optional<Entry> instead; ///< that it has, if it is not done
  };
  [[nodiscard]] Result<Swap> compare_and_set(const std::string& key, std::uint64_t expected,
                                             const std::string& value);
  [[nodiscard]] Result<Swap> compare_and_remove(const std::string& key, std::uint64_t expected);

  /// The value that all agree on: the first one that any client proposes for the key.
  [[nodiscard]] Result<std::string> propose(const std::string& key, const std::string& value);

  /// Changes of a key, or of all that begin so, after a revision: each one once, in order, if the
  /// next call goes on from `revision`. Waits for one for `wait_s` at most, and returns none then.
  /// `is_compacted`: some after `after` are forgotten; those after `revision` are not.
  struct Changes {
    std::vector<coordination::Change> changes;
    std::uint64_t revision = 0;
    bool is_compacted = false;
  };
  [[nodiscard]] Result<Changes> watch(const std::string& key, std::uint64_t after, double wait_s,
                                      bool is_prefix = false);

private:
  friend class CoordinationClient;
  explicit SharedMap(std::shared_ptr<detail::ClientSession> session)
      : session_(std::move(session)) {}

  std::shared_ptr<detail::ClientSession> session_;
};

/// Asks the nodes of a cluster for locks and shared values, from any process. Where the node that
/// is asked does not answer, another one is: what changes something is done once all the same.
///
/// A client has a session, whose lease a thread renews; if it cannot in time, all locks are lost,
/// and the next request begins another session.
///
/// Threads: any. Locks and maps may outlive it; then the session lasts as long as they do.
/// Errors:  Errc::io_error if no node answers, or lets this process in; bad_config if the keys are
///          no good; bad_argument if a request cannot be, or a limit is met; try_later where that
///          says so.
class CoordinationClient {
public:
  struct Options {
    std::vector<NodeAddress> nodes; ///< one or more of those of the cluster; the others are learnt
    double patience_s = 5;          ///< that one node has for an answer
    double lost_s = 30;             ///< without any answer, a request fails
    TlsOptions tls = {};            ///< without files the user's own keys
    bool insecure = false;
    bool commands = true;  ///< more than get(), list(), watch() and locks() is to be allowed
    std::string name = {}; ///< for people who look at locks; default: host and process
    double lease_s = 10;   ///< 0.5 to 3600
  };
  [[nodiscard]] static Result<std::unique_ptr<CoordinationClient>> connect(Options options);
  ~CoordinationClient();
  CoordinationClient(const CoordinationClient&) = delete;
  CoordinationClient& operator=(const CoordinationClient&) = delete;

  struct LockOptions {
    std::uint32_t permits = 1;      ///< more: a semaphore; all clients of a name have to agree
    std::optional<double> wait_s{}; ///< at most so long in the queue; 0: not at all
  };
  /// Waits for it, in the order of asking of all clients; a client whose lease ends meanwhile
  /// begins anew at the end of the queue. Fails with try_later if it is not to be had in that time.
  [[nodiscard]] Result<Lock> lock(const std::string& name, const LockOptions& options);
  [[nodiscard]] Result<Lock> lock(const std::string& name) { return lock(name, {}); }

  /// All locks that any client holds or waits for.
  [[nodiscard]] Result<std::vector<coordination::LockStatus>> locks();

  [[nodiscard]] SharedMap map() { return SharedMap(session_); }

private:
  explicit CoordinationClient(std::shared_ptr<detail::ClientSession> session);

  const std::shared_ptr<detail::ClientSession> session_;
};

// ---- as messages of CAF

/// Requests to the actor of a node (find_node(), actors/jobs.hpp), for what changes something and
/// for all else; each is answered by a CoordinationAnswer. The sender has to see to its session
/// itself, as coordination::Caller does.
[[nodiscard]] CoordinationCommand coordination_command(const coordination::Request& request);
[[nodiscard]] CoordinationQuestion coordination_question(const coordination::Request& request);
/// Fails with node_lost if another node has to be asked.
[[nodiscard]] Result<coordination::Answer> answer_of(const CoordinationAnswer& answer);

} // namespace stos
