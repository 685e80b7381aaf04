// What CAF's protocol may bring to a node, from whom: each message from each, and the frames that
// end or fill a process that believes them.

#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/coordination_messages.hpp"
#include "actors/messages/service_messages.hpp"
#include "actors/transport/message_rules.hpp"
#include "support/basp_frames.hpp"

#include <caf/config_value.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>
#include <caf/type_id.hpp>
#include <catch2/catch.hpp>

#include <memory>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

const caf::node_id own = system_number(1), peer_system = system_number(2),
                   other_node = system_number(3), stranger = system_number(4);

/// A node's side of a connection with a peer that has shaken hands.
class Door {
public:
  explicit Door(PeerKind kind) : peers(std::make_shared<PeerList>(to_string(own))) {
    init_caf_types();
    const Peer peer{kind, "peer"};
    REQUIRE(peers->enter(to_string(peer_system), peer).empty());
    REQUIRE(peers->enter(to_string(other_node), {PeerKind::node, "other"}).empty());
    REQUIRE(peers->begin_to_carry(to_string(other_node)));
    filter = std::make_unique<BaspFilter>(peers, to_string(peer_system), peer, false);
  }
  Door& open() {
    REQUIRE(says(client_hello(peer_system)).empty());
    return *this;
  }

  /// "" if the frame passes, "dropped", or why the connection is closed.
  std::string says(const Frame& frame) {
    const auto bytes = std::span<const std::byte>(frame);
    const Result<std::size_t> payload =
        filter->take_header(bytes.first<BaspFilter::header_bytes>(), now);
    if (!payload)
      return payload.error().context;
    const auto verdict =
        filter->judge(bytes.subspan(BaspFilter::header_bytes)
                          .first(std::min(*payload, bytes.size() - BaspFilter::header_bytes)));
    if (!verdict)
      return verdict.error().context;
    return *verdict == BaspFilter::Verdict::pass ? "" : "dropped";
  }

  RateLimit::Clock::time_point now = RateLimit::Clock::now(); ///< stands still
  std::shared_ptr<PeerList> peers;
  std::unique_ptr<BaspFilter> filter;
};

template <class... Values>
Frame message(const Values&... values) {
  return frame({}, content(caf::make_message(values...)));
}

Frame routed(const caf::node_id& from, const caf::node_id& to, const caf::message& message) {
  Frame payload = bytes_of(from, to);
  const Frame rest = content(message);
  payload.insert(payload.end(), rest.begin(), rest.end());
  return frame({.operation = routed_message}, payload);
}

/// What each kind of peer is told when it sends that.
void check(const Frame& frame, PeerKind least) {
  for (std::size_t i = 0; i < peer_kinds.size(); ++i) {
    const auto kind = static_cast<PeerKind>(i);
    const std::string said = Door(kind).open().says(frame);
    INFO("from " << peer_kinds[i] << ": " << said);
    if (kind >= least)
      CHECK(said.empty());
    else
      CHECK_THAT(said, Contains("may not send"));
  }
}

template <class Message>
void check_from_nobody(const Message& value) {
  for (std::size_t i = 0; i < peer_kinds.size(); ++i)
    CHECK_THAT(Door(static_cast<PeerKind>(i)).open().says(message(value)),
               Contains("within a process only"));
}

} // namespace

TEST_CASE("tools may ask and command, foreign processes find agents, the rest is said by nodes") {
  check(message(StatusQuestion{}), PeerKind::look);
  check(message(RunCommand{}), PeerKind::command);
  check(message(JobQuestion{}), PeerKind::look);
  check(message(JobCommand{}), PeerKind::command);
  check(message(CoordinationQuestion{}), PeerKind::look);
  check(message(CoordinationCommand{}), PeerKind::command);
  check(message(FindAgent{}), PeerKind::process);
  check(message(std::string("to an agent"), 7), PeerKind::process);
  check(message(HelloMessage{}), PeerKind::node);
  check(message(WelcomeMessage{}), PeerKind::node);
  check(message(ViewMessage{}), PeerKind::node);
  check(message(RefusalMessage{}), PeerKind::node);
  check(message(HeartbeatMessage{}), PeerKind::node);
  check(message(ControlMessage{}), PeerKind::node);
  check(message(NewsMessage{}), PeerKind::node);
  check(message(NewsWish{}), PeerKind::node);
  check(message(GoodbyeMessage{}), PeerKind::node);
  check(message(RunCall{}), PeerKind::node);
  check(message(RunDeparture{}), PeerKind::node);
  check(message(FrameMessage{}), PeerKind::node);
  check(message(FarewellMessage{}), PeerKind::node);
  check(message(FarewellReceipt{}), PeerKind::node);
  check(message(CutMessage{}), PeerKind::node);
  check(message(CopyMessage{}), PeerKind::node);
  check(message(PieceReceipt{}), PeerKind::node);
  check(message(KeptMessage{}), PeerKind::node);
  check(message(WeightsMessage{}), PeerKind::node);
  check(message(AbortMessage{}), PeerKind::node);
  check(message(AgentEndedMessage{}), PeerKind::node);
  check(message(SearchMessage{}), PeerKind::node);
  check(message(SearchAnswer{}), PeerKind::node);
  check(message(AgentMail{}), PeerKind::node);
  check(message(RunAnnouncement{}), PeerKind::node);
  check(message(StatusAnswer{}), PeerKind::node);
  check(message(RunAnswer{}), PeerKind::node);
  check(message(JobWords{}), PeerKind::node);
  check(message(JobAnswer{}), PeerKind::node);
  check(message(CoordinationWords{}), PeerKind::node);
  check(message(CoordinationAnswer{}), PeerKind::node);
  check(message(HostAnnouncement{}), PeerKind::node);
  check(message(HostMessage{}), PeerKind::node);
}

TEST_CASE("each message of ours has a row of the table") {
  constexpr MessageRule of_strange_types{PeerKind::process, false, false, false};
  const auto check_block = [&]<class Ids>(Ids /*block*/) {
    for (caf::type_id_t id = Ids::begin; id < Ids::end; ++id) {
      INFO(caf::query_type_name(id));
      CHECK_FALSE(rule_for(id) == of_strange_types);
    }
  };
  check_block(caf::id_block::stos_cluster{});
  check_block(caf::id_block::stos_service{});
}

TEST_CASE("what is said within a process does not come from outside, whoever says it") {
  check_from_nobody(BeginMessage{});
  check_from_nobody(HostCall{});
  check_from_nobody(HostAnswer{});
  check_from_nobody(HostWatch{});
  check_from_nobody(HostWatchEnd{});
  check_from_nobody(EndMessage{});
  check_from_nobody(TickMessage{});
  check_from_nobody(OrdersMessage{});
  check_from_nobody(WanderMessage{});
  check_from_nobody(DueMessage{});
  check_from_nobody(LookMessage{});
  check_from_nobody(AnswerMessage{});
  check_from_nobody(TellMessage{});
  check_from_nobody(ReachedMessage{});
  check_from_nobody(UnreachableMessage{});
  check_from_nobody(caf::down_msg{});
  check_from_nobody(caf::node_down_msg{});
  CHECK_THAT(Door(PeerKind::node).open().says(message(TickMessage{}, std::uint64_t{1})),
             Contains("within a process only"));
}

TEST_CASE("what nodes say has a sender") {
  const Frame anonymous = frame({.from = 0}, content(caf::make_message(GoodbyeMessage{})));
  CHECK_THAT(Door(PeerKind::node).open().says(anonymous), Contains("without a sender"));
  const Frame to_an_agent = frame({.from = 0}, content(caf::make_message(1)));
  CHECK(Door(PeerKind::process).open().says(to_an_agent).empty());
}

TEST_CASE("nobody speaks in the name of another process") {
  const caf::message word = caf::make_message(1);
  CHECK(Door(PeerKind::process).open().says(routed(peer_system, own, word)).empty());
  CHECK(Door(PeerKind::process).open().says(routed(peer_system, other_node, word)).empty());
  CHECK_THAT(Door(PeerKind::process).open().says(routed(stranger, own, word)),
             Contains("in the name of another process"));
  // A node passes on what is said by those that are connected with it only.
  CHECK(Door(PeerKind::node).open().says(routed(stranger, own, word)).empty());
  for (const caf::node_id& system : {other_node, own})
    CHECK_THAT(Door(PeerKind::node).open().says(routed(system, own, word)),
               Contains("in the name of another process"));
  CHECK_THAT(
      Door(PeerKind::node).open().says(routed(stranger, own, caf::make_message(GoodbyeMessage{}))),
      Contains("a process may not send"));
  // A tool asks one node, and another one answers.
  const auto answer_of = [&](std::uint64_t number) {
    Frame payload = bytes_of(stranger, own);
    const Frame rest = content(caf::make_message(RunAnswer{}));
    payload.insert(payload.end(), rest.begin(), rest.end());
    return frame({.operation = routed_message, .data = number}, payload);
  };
  const caf::message_id asked = caf::make_message_id(77).with_high_priority();
  CHECK(Door(PeerKind::node).open().says(answer_of(asked.response_id().integer_value())).empty());
  CHECK_THAT(Door(PeerKind::node).open().says(answer_of(asked.integer_value())),
             Contains("a process may not send"));
  for (const std::uint8_t operation : {monitor_message, down_message})
    CHECK_THAT(Door(PeerKind::node)
                   .open()
                   .says(frame({.operation = operation}, bytes_of(other_node, own))),
               Contains("in the name of another process"));
}

TEST_CASE("an exit message ends nobody else's actor, and kills none") {
  const auto exit_of = [](const caf::node_id& system, caf::exit_reason reason) {
    return frame({}, content(std::uint8_t{1}, caf::type_id_v<caf::exit_msg>, std::uint64_t{7},
                             system, caf::make_error(reason)));
  };
  Door door(PeerKind::process);
  door.open();
  CHECK(door.says(exit_of(peer_system, caf::exit_reason::user_shutdown)).empty());
  CHECK_THAT(door.says(exit_of(other_node, caf::exit_reason::user_shutdown)),
             Contains("in the name of another process"));
  CHECK_THAT(Door(PeerKind::node).open().says(exit_of(peer_system, caf::exit_reason::kill)),
             Contains("kills"));
  const Frame link =
      frame({}, content(std::uint8_t{2}, caf::type_id_v<caf::link_atom>,
                        caf::type_id_v<caf::strong_actor_ptr>, std::uint64_t{7}, own));
  CHECK_THAT(Door(PeerKind::node).open().says(link), Contains("in the name of another process"));
  CHECK_THAT(Door(PeerKind::node).open().says(message(caf::make_error(caf::sec::runtime_error))),
             Contains("answers nothing"));
}

TEST_CASE("the handshake comes first, once, in the peer's own name, with a payload") {
  CHECK_THAT(Door(PeerKind::node).says(message(HeartbeatMessage{})),
             Contains("before the handshake"));
  CHECK_THAT(Door(PeerKind::node).says(client_hello(stranger)), Contains("another actor system"));
  CHECK_THAT(Door(PeerKind::node).open().says(client_hello(peer_system)),
             Contains("second handshake"));
  for (const std::uint8_t operation : {server_handshake, client_handshake})
    CHECK_THAT(Door(PeerKind::node).says(frame({operation, 0, 1, 0, 0}, {})),
               Contains("with 0 bytes"));
  CHECK_THAT(
      Door(PeerKind::node).says(frame({server_handshake, 0, 1, 0, 0}, bytes_of(peer_system))),
      Contains("of the other side"));
}

TEST_CASE("no frame says that it is longer than its sender may send") {
  constexpr std::uint32_t all = 0xffffffff;
  for (std::uint8_t operation = 0; operation < heartbeat; ++operation)
    CHECK_THAT(Door(PeerKind::node).says(frame({.operation = operation}, {}, all)),
               Contains("allowed: "));
  CHECK_THAT(Door(PeerKind::node).says(frame({.operation = heartbeat}, {}, 1)),
             Contains("1 bytes"));
  CHECK_THAT(Door(PeerKind::look).open().says(frame({}, {}, 100'000)), Contains("allowed: 65536"));
  for (int operation = heartbeat + 1; operation < 256; ++operation)
    CHECK_THAT(
        Door(PeerKind::node).says(frame({.operation = static_cast<std::uint8_t>(operation)}, {})),
        Contains("unknown kind"));
}

TEST_CASE("CAF's own servers are out of reach, and answers take no other way") {
  CHECK(Door(PeerKind::node)
            .open()
            .says(frame({.flags = 1, .to = 1}, content(caf::make_message(caf::get_atom_v)))) ==
        "dropped");
  if (caf_version::messages_have_way_back) {
    const Frame with_way_back = bytes_of(std::uint8_t{1}, std::uint64_t{7}, other_node);
    CHECK_THAT(Door(PeerKind::node).open().says(frame({}, with_way_back)), Contains("way back"));
  }
}

TEST_CASE("messages that nest are short") {
  const caf::message flat = caf::make_message(std::string(nesting_bytes_max, 'x'));
  CHECK(Door(PeerKind::process).open().says(frame({}, content(flat))).empty());
  const caf::message nested = caf::make_message(flat);
  CHECK_THAT(Door(PeerKind::node).open().says(frame({}, content(nested))),
             Contains("allowed: 8192"));
  CHECK(Door(PeerKind::node).open().says(message(caf::make_message(1))).empty());
}

TEST_CASE("a second connection of a process is good for the handshake only") {
  Door first(PeerKind::node);
  first.open();
  REQUIRE(first.peers->enter(to_string(peer_system), {PeerKind::node, "peer"}).empty());
  BaspFilter second(first.peers, to_string(peer_system), {PeerKind::node, "peer"}, false);
  const auto say = [&second](const Frame& frame) {
    const auto bytes = std::span<const std::byte>(frame);
    REQUIRE(second.take_header(bytes.first<BaspFilter::header_bytes>()));
    return second.judge(bytes.subspan(BaspFilter::header_bytes));
  };
  CHECK(say(client_hello(peer_system)));
  CHECK(say(frame({heartbeat, 0, 0, 0, 0}, {})));
  CHECK_FALSE(say(message(HeartbeatMessage{})));
}

TEST_CASE("who speaks too often is thrown out, unless it is a node of the cluster") {
  for (const PeerKind kind : {PeerKind::look, PeerKind::command, PeerKind::process}) {
    Door door(kind);
    door.open();
    const Frame word = frame({heartbeat, 0, 0, 0, 0}, {});
    for (int i = 1; i < message_rate(kind).at_once; ++i)
      REQUIRE(door.says(word).empty());
    CHECK_THAT(door.says(word), Contains("too many messages"));
    door.now += std::chrono::seconds(1);
    for (int i = 0; i < message_rate(kind).a_second; ++i)
      REQUIRE(door.says(word).empty());
    CHECK_THAT(door.says(word), Contains("too many messages"));
  }
  Door node(PeerKind::node);
  node.open();
  const Frame beat = message(HeartbeatMessage{});
  for (int i = 1; i < message_rate(PeerKind::node).at_once; ++i)
    REQUIRE(node.says(beat).empty());
  node.peers->admit(to_string(peer_system));
  for (int i = 0; i < 2 * message_rate(PeerKind::node).at_once; ++i)
    REQUIRE(node.says(beat).empty());
}

TEST_CASE("a node sends long messages once it belongs to the cluster") {
  constexpr std::uint32_t longer = (std::uint32_t{16} << 20) + 1;
  Door door(PeerKind::node);
  door.open();
  const Frame header = frame({}, {}, longer);
  const auto taken = [&] {
    return door.filter->take_header(
        std::span<const std::byte>(header).first<BaspFilter::header_bytes>());
  };
  REQUIRE_FALSE(taken());
  CHECK_THAT(taken().error().context, Contains("allowed: 16777216"));
  door.peers->admit(to_string(peer_system));
  CHECK(taken());
}

TEST_CASE("long messages of strangers share room, and give it back") {
  const auto peers = std::make_shared<PeerList>(to_string(own));
  const std::size_t each = message_bytes_max(PeerKind::process);
  const Frame header = frame({}, {}, static_cast<std::uint32_t>(each));
  std::vector<std::unique_ptr<BaspFilter>> filters;
  const auto begin = [&](std::uint8_t number) {
    const caf::node_id system = system_number(number);
    REQUIRE(peers->enter(to_string(system), {PeerKind::process, "p"}).empty());
    filters.push_back(std::make_unique<BaspFilter>(peers, to_string(system),
                                                   Peer{PeerKind::process, "p"}, false));
    const Frame hello = client_hello(system);
    const auto bytes = std::span<const std::byte>(hello);
    REQUIRE(filters.back()->take_header(bytes.first<BaspFilter::header_bytes>()));
    REQUIRE(filters.back()->judge(bytes.subspan(BaspFilter::header_bytes)));
    return filters.back()->take_header(
        std::span<const std::byte>(header).first<BaspFilter::header_bytes>());
  };
  std::uint8_t number = 10;
  for (std::size_t taken = 0; taken + each <= PeerList::room_bytes; taken += each)
    CHECK(begin(number++));
  const Result<std::size_t> refused = begin(number++);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().context, Contains("while others send long ones"));
  filters.erase(filters.begin());
  CHECK(begin(number++));
  CHECK_FALSE(filters.back()->check_unread(1 << 20));
  filters.clear();
  CHECK(begin(number));
  CHECK(filters.back()->check_unread(1 << 20));
}

TEST_CASE("who names more actors than a process has is thrown out, unless they have ended") {
  Door door(PeerKind::process);
  door.open();
  const Frame word = content(caf::make_message(1));
  std::string said;
  std::uint64_t actor = 1;
  while (said.empty() && actor < 2 * PeerList::senders_max)
    said = door.says(frame({.from = actor++}, word));
  CHECK_THAT(said, Contains("actors"));
  Door other(PeerKind::process);
  other.open();
  for (std::uint64_t i = 1; i < 2 * actor; ++i) {
    REQUIRE(other.says(frame({.from = i}, word)).empty());
    REQUIRE(other
                .says(frame({.operation = down_message, .from = i, .to = 0},
                            bytes_of(peer_system, own)))
                .empty());
  }
}

TEST_CASE("a node speaks for so many systems behind it, and no more") {
  Door door(PeerKind::node);
  door.open();
  door.peers->admit(to_string(peer_system));
  const caf::message word = caf::make_message(1);
  std::string said;
  int systems = 0;
  for (; said.empty() && systems < 5000; ++systems)
    said = door.says(routed(system_number(9, static_cast<std::uint32_t>(systems)), own, word));
  CHECK_THAT(said, Contains("systems behind it"));
  CHECK(systems > 1000);
}

TEST_CASE("mail to an agent holds only what may come from outside by itself") {
  init_caf_types();
  const auto is_fine = [](const caf::message& message) {
    return is_mail_content(bytes_of(message));
  };
  CHECK(is_fine(caf::make_message(1, std::string("two"))));
  CHECK(is_fine(caf::make_message()));
  CHECK_FALSE(is_fine(caf::make_message(EndMessage{})));
  CHECK_FALSE(is_fine(caf::make_message(AgentMail{})));
  CHECK_FALSE(is_fine(caf::make_message(caf::make_message(std::string(nesting_bytes_max, 'x')))));
  CHECK_FALSE(is_mail_content({}));
}
