#include "actors/transport/gate.hpp"

#include "actors/messages/cluster_messages.hpp"
#include "actors/transport/caf_version.hpp"
#include "actors/transport/connection_problem.hpp"
#include "actors/transport/guarded_scribe.hpp"
#include "actors/transport/host_name.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <arpa/inet.h>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <set>
#include <utility>

namespace stos::detail {
namespace {

std::shared_ptr<Credentials> credentials_of(const ClusterOptions& options,
                                            const NodeAddress& address) {
  Peer self{PeerKind::node, options.node.value_or("")};
  if (self.name.empty() && !options.tls.has_files())
    self.name = host_name() + "-" + std::to_string(address.port);
  auto credentials = Credentials::load(options.tls, options.insecure, std::move(self));
  if (!credentials)
    throw UsageError(credentials.error());
  return *std::move(credentials);
}

Greeting greeting_of(const caf::actor_system& system, const Peer& self) {
  return {Greeting::current_version,
          std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "." +
              std::to_string(CAF_PATCH_VERSION),
          to_string(system.node()), self};
}

caf::actor broker_of(caf::actor_system& system) {
  return system.middleman().get_named_broker("BASP");
}

std::string shown(const sockaddr_storage& address, socklen_t size) {
  char host[NI_MAXHOST] = {}, port[NI_MAXSERV] = {};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, port,
                  sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  return to_string(NodeAddress{host, static_cast<std::uint16_t>(std::atoi(port))});
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24 == 127;
  if (address.ss_family != AF_INET6)
    return false;
  const in6_addr& host = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == 127);
}

std::uint16_t port_of(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

caf::io::scribe_ptr scribe_of(caf::actor_system& system, Newcomer& newcomer,
                              std::shared_ptr<PeerList> peers, bool has_called,
                              const std::string& where, std::shared_ptr<RefusalLog> log,
                              std::chrono::duration<double> patience) {
  const Greeting& theirs = newcomer.theirs();
  const std::string about = "peer=" + theirs.peer.name +
                            " kind=" + std::string(to_string(theirs.peer.kind)) +
                            " address=" + where;
  auto filter =
      std::make_unique<BaspFilter>(std::move(peers), theirs.system, theirs.peer, has_called);
  std::unique_ptr<Wire> wire = newcomer.take_wire();
  wire->give_up_after(patience);
  return make_guarded_scribe(system, std::move(wire), std::move(filter), about, std::move(log));
}

} // namespace

/// A name is looked up by a thread of its own, for which no other one waits: that may take long.
struct Gate::Mail {
  std::mutex mutex;
  std::vector<Wanted> wanted;
  caf::actor door;
  bool ends = false;
  const int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  ~Mail() { ::close(bell); }

  void ring() const {
    const std::uint64_t once = 1;
    [[maybe_unused]] const ssize_t rung = write(bell, &once, sizeof once);
  }
  void put(Wanted one) {
    const std::lock_guard lock(mutex);
    if (ends)
      return;
    wanted.push_back(std::move(one));
    ring();
  }
};

Gate::Gate(caf::actor_system& system, const ClusterOptions& options)
    : system_(system), options_(options),
      peers_(std::make_shared<PeerList>(to_string(system.node()))), mail_(std::make_shared<Mail>()),
      address_(options.address) {
  listen_at(options.address);
  address_.port = port_of(listener_);
  credentials_ = credentials_of(options, address_);
  greeting_ = greeting_of(system, credentials_->self());
}

Gate::~Gate() {
  close();
  if (listener_ >= 0)
    ::close(listener_);
}

void Gate::close() {
  {
    const std::lock_guard lock(mail_->mutex);
    mail_->ends = true;
    mail_->door = nullptr;
    mail_->ring();
  }
  if (thread_.joinable())
    thread_.join();
  calls_.clear();
}

void Gate::listen_at(const NodeAddress& address) {
  const auto refuse = [&](Errc code, const std::string& why) {
    throw UsageError(code, "cannot listen on " + to_string(address) + " (cluster.address): " + why);
  };
  const Result<std::vector<SocketAddress>> places = look_up(address);
  if (!places)
    refuse(Errc::io_error, places.error().context);
  const SocketAddress& place = places->front();
  const bool has_keys = options_.tls.has_files() || options_.tls.own;
  if (!is_loopback(place.bytes) && !has_keys && !options_.insecure)
    refuse(Errc::bad_config,
           "others can reach this address; wanted: keys in cluster.tls (stos keys makes them), "
           "cluster.tls.own: true if all nodes see the same home folder, or cluster.insecure: "
           "true if any process that can reach it may do everything");
  listener_ = socket(place.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&place.bytes), place.size) != 0 ||
      listen(listener_, SOMAXCONN) != 0)
    refuse(Errc::io_error,
           errno == EADDRINUSE ? "the address is in use" : std::string(std::strerror(errno)));
}

void Gate::open(const caf::actor& door) {
  mail_->door = door;
  if (!credentials_->has_tls())
    std::clog << "stos: warning: cluster.insecure is true: any process that reaches " +
                     to_string(address_) + " can do everything with this node\n";
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Gate::connect(const NodeAddress& address) {
  if (is_numeric(address)) {
    mail_->put({address, look_up(address)});
    return;
  }
  std::thread([mail = mail_, address] { mail->put({address, look_up(address)}); }).detach();
}

std::optional<Peer> Gate::peer_of(const caf::node_id& system) const {
  return peers_->find(to_string(system));
}

void Gate::admit(const caf::node_id& system) { peers_->admit(to_string(system)); }

void Gate::run() {
  for (;;) {
    wait();
    {
      const std::lock_guard lock(mail_->mutex);
      std::uint64_t rung = 0;
      [[maybe_unused]] const ssize_t heard = read(mail_->bell, &rung, sizeof rung);
      if (mail_->ends)
        return;
    }
    begin_calls();
    if (listens_)
      accept_all();
    advance_all();
  }
}

void Gate::wait() {
  constexpr std::chrono::milliseconds pause(100); // until there may be another call, or a socket
  const Clock::time_point now = Clock::now();
  listens_ = calls_left_.has(now);
  std::vector<pollfd> polled = {{mail_->bell, POLLIN, 0}, {listens_ ? listener_ : -1, POLLIN, 0}};
  Clock::duration most = listens_ ? Clock::duration(std::chrono::hours(1)) : Clock::duration(pause);
  for (const Call& call : calls_) {
    polled.push_back({call.newcomer->socket(), call.newcomer->events(), 0});
    most = std::min(most, call.deadline - now);
  }
  const auto most_ms = std::chrono::ceil<std::chrono::milliseconds>(most).count();
  poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(most_ms, 0)));
}

void Gate::accept_all() {
  while (calls_left_.has(Clock::now())) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int socket =
        accept4(listener_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return;
      make_room();
      calls_left_.use_up(); // there may be more of them in a moment
      return;
    }
    (void)calls_left_.take(Clock::now());
    if (callers_ >= options_.newcomers_max)
      make_room();
    accept_one(socket, shown(from, size));
  }
}

// Of the callers that have not yet said who they are, the first one has had the most time; but a
// slow one that has shown a certificate is kept rather than one that has shown none.
void Gate::make_room() {
  const auto is_stranger = [](const Call& call) {
    return !call.called && !call.newcomer->has_proved_itself();
  };
  auto oldest = std::ranges::find_if(calls_, is_stranger);
  if (oldest == calls_.end())
    oldest = std::ranges::find_if(calls_, [](const Call& call) { return !call.called; });
  if (oldest == calls_.end())
    return;
  give_up(*oldest, "others wait, and it has not said who it is");
  calls_.erase(oldest);
  --callers_;
}

void Gate::accept_one(int socket, const std::string& from) {
  if (Result<void> loaded = credentials_->reload(); !loaded)
    log_->note("the files of cluster.tls have changed and are no good, those of before count: " +
               loaded.error().context);
  const auto patience = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(options_.handshake_timeout_s));
  Call& call = calls_.emplace_back();
  call.newcomer = std::make_unique<Newcomer>(socket, credentials_, greeting_, judge());
  call.where = from;
  call.deadline = Clock::now() + patience;
  ++callers_;
}

Newcomer::Judge Gate::judge() const {
  return [peers = peers_](const Greeting& theirs) {
    return peers->objection_to(theirs.system, theirs.peer);
  };
}

void Gate::begin_calls() {
  std::vector<Wanted> wanted;
  {
    const std::lock_guard lock(mail_->mutex);
    wanted.swap(mail_->wanted);
  }
  for (Wanted& one : wanted) {
    Call call;
    call.called = one.address;
    call.where = to_string(one.address);
    call.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(options_.handshake_timeout_s));
    if (!one.places) {
      give_up(call, one.places.error().context);
      continue;
    }
    (void)credentials_->reload();
    call.newcomer =
        std::make_unique<Newcomer>(*std::move(one.places), credentials_, greeting_, judge());
    calls_.push_back(std::move(call));
  }
}

void Gate::advance_all() {
  for (auto call = calls_.begin(); call != calls_.end();) {
    if (!advance(*call)) {
      ++call;
      continue;
    }
    callers_ -= call->called ? 0 : 1;
    call = calls_.erase(call);
  }
}

bool Gate::advance(Call& call) {
  switch (call.newcomer->advance()) {
    case Newcomer::State::welcome: hand_over(call); return true;
    case Newcomer::State::failed: give_up(call, call.newcomer->problem()); return true;
    case Newcomer::State::under_way: break;
  }
  if (Clock::now() < call.deadline)
    return false;
  give_up(call, call.newcomer->what_is_missing() + " within " +
                    exact_text(options_.handshake_timeout_s) + " s (cluster.handshake_timeout)");
  return true;
}

void Gate::hand_over(Call& call) {
  const bool has_called = call.called.has_value();
  const Greeting& theirs = call.newcomer->theirs();
  if (const std::string why = peers_->enter(theirs.system, theirs.peer); !why.empty())
    return give_up(call, why); // another one has come in meanwhile
  // Later than the cluster, which has more to say about it.
  const std::chrono::duration<double> patience(2 * options_.silence_timeout_s);
  caf::io::scribe_ptr scribe =
      scribe_of(system_, *call.newcomer, peers_, has_called, call.where, log_, patience);
  const std::lock_guard lock(mail_->mutex);
  if (mail_->ends)
    return;
  if (has_called)
    caf_version::send_anonymously(mail_->door, ReachedMessage{call.called->host, call.called->port},
                                  std::move(scribe));
  else
    caf_version::send_anonymously(
        broker_of(system_), caf::publish_atom_v, std::move(scribe), address_.port,
        caf::actor_cast<caf::strong_actor_ptr>(mail_->door), std::set<std::string>());
}

void Gate::give_up(const Call& call, const std::string& why) {
  const bool is_self = call.newcomer != nullptr && call.newcomer->is_self();
  if (!call.called) {
    if (!is_self)
      log_->note("newcomer refused address=" + call.where + " reason=\"" + printable(why) + "\"");
    return;
  }
  const std::lock_guard lock(mail_->mutex);
  if (!mail_->ends)
    caf_version::send_anonymously(
        mail_->door,
        UnreachableMessage{call.called->host, call.called->port, is_self ? "" : printable(why)});
}

namespace {

Result<std::unique_ptr<Newcomer>> come_in(const NodeAddress& address,
                                          std::shared_ptr<Credentials> credentials,
                                          const Greeting& greeting,
                                          std::chrono::nanoseconds patience) {
  Result<std::vector<SocketAddress>> places = look_up(address);
  if (!places)
    return places.error();
  auto newcomer = std::make_unique<Newcomer>(*std::move(places), std::move(credentials), greeting,
                                             [](const Greeting&) { return std::string(); });
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    switch (newcomer->advance()) {
      case Newcomer::State::welcome: return newcomer;
      case Newcomer::State::failed: return Error{Errc::io_error, newcomer->problem()};
      case Newcomer::State::under_way: break;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return Error{Errc::io_error, "no answer came in time; is it a node of libstos?"};
    pollfd polled{newcomer->socket(), newcomer->events(), 0};
    poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30)));
  }
}

} // namespace

Result<caf::actor> call_node(caf::actor_system& system, const NodeAddress& address,
                             const TlsOptions& tls, bool insecure, Peer self,
                             std::chrono::nanoseconds patience) {
  auto credentials = Credentials::load(tls, insecure, std::move(self));
  if (!credentials)
    return credentials.error();
  const auto peers = std::make_shared<PeerList>(to_string(system.node()));
  Result<std::unique_ptr<Newcomer>> newcomer =
      come_in(address, *credentials, greeting_of(system, (*credentials)->self()), patience);
  if (!newcomer)
    return newcomer.error();
  if (const std::string why =
          peers->enter((*newcomer)->theirs().system, (*newcomer)->theirs().peer);
      !why.empty())
    return Error{Errc::io_error, why};
  peers->admit((*newcomer)->theirs().system); // it is the cluster, for this process
  constexpr std::chrono::seconds unread(20);
  caf::io::scribe_ptr scribe = scribe_of(system, **newcomer, peers, true, to_string(address),
                                         std::make_shared<RefusalLog>(), unread);
  caf::scoped_actor caller(system);
  Result<caf::actor> node = Error{Errc::io_error, "who listens there is no node of libstos"};
  caller
      ->request(broker_of(system), caf::timespan(patience), caf::connect_atom_v, std::move(scribe),
                address.port)
      .receive(
          [&](const caf::node_id&, const caf::strong_actor_ptr& handle,
              const std::set<std::string>&) {
            if (handle != nullptr)
              node = caf::actor_cast<caf::actor>(handle);
          },
          [&](const caf::error& problem) {
            node = Error{Errc::io_error, connection_problem(problem)};
          });
  return node;
}

} // namespace stos::detail
