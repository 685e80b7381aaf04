#include "actors/transport/basp_filter.hpp"

#include "actors/transport/caf_version.hpp"
#include "actors/transport/message_rules.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message_id.hpp>
#include <caf/system_messages.hpp>

#include <optional>
#include <utility>

namespace stos::detail {
namespace {

enum Operation : std::uint8_t {
  server_handshake,
  client_handshake,
  direct_message,
  routed_message,
  monitor_message,
  down_message,
  heartbeat
};

constexpr std::size_t handshake_bytes_max = 4096;
constexpr std::size_t notice_bytes_max = 16 << 10; // of a monitor or down message
constexpr std::size_t short_bytes_max = 4096;      // for these there is always room
constexpr std::size_t senders_max = 4096; // over one connection, but of nodes of the cluster
constexpr std::size_t behind_max = 1024;  // systems

/// Words in network order.
template <class Word>
Word word_at(std::span<const std::byte> bytes, std::size_t at) {
  Word word = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    word = static_cast<Word>(word << 8 | static_cast<Word>(bytes[at + i]));
  return word;
}

/// What CAF makes of the bytes of a name of an actor system; nothing if they are none.
std::optional<caf::node_id> read_system(std::span<const std::byte> bytes, std::size_t& size) {
  caf::binary_deserializer source = caf_version::deserializer_of(bytes);
  caf::node_id system;
  if (!source.apply(system))
    return std::nullopt;
  size = bytes.size() - source.remaining();
  return system;
}

std::string name_of(caf::type_id_t type) {
  const auto name = caf::query_type_name(type);
  return name.empty() ? "type " + std::to_string(type) : std::string(name.begin(), name.end());
}

} // namespace

BaspFilter::BaspFilter(std::shared_ptr<PeerList> peers, std::string system, Peer peer,
                       bool has_called)
    : peers_(std::move(peers)), system_(std::move(system)), peer_(std::move(peer)),
      has_called_(has_called),
      messages_(message_rate(peer_.kind).a_second, message_rate(peer_.kind).at_once) {}

BaspFilter::~BaspFilter() {
  give_room_back(room_);
  give_room_back(unread_room_);
  peers_->give_senders_back(senders_.size());
  if (carries_)
    peers_->end_to_carry(system_);
  peers_->leave(system_);
}

Error BaspFilter::bad(const std::string& what) const { return {Errc::bad_message, what}; }

bool BaspFilter::is_admitted() {
  is_admitted_ = is_admitted_ || peers_->is_admitted(system_);
  return is_admitted_;
}

std::size_t BaspFilter::payload_bytes_max() {
  switch (header_.operation) {
    case server_handshake:
    case client_handshake: return handshake_bytes_max;
    case direct_message:
    case routed_message:
      return peer_.kind == PeerKind::node && !is_admitted() ? message_bytes_max(PeerKind::process)
                                                            : message_bytes_max(peer_.kind);
    case monitor_message:
    case down_message: return notice_bytes_max;
    default: return 0;
  }
}

void BaspFilter::give_room_back(std::size_t& room) {
  peers_->give_room_back(std::exchange(room, 0));
}

Result<void> BaspFilter::check_unread(std::size_t bytes) {
  if (peer_.kind == PeerKind::node)
    return {};
  give_room_back(unread_room_);
  if (bytes <= short_bytes_max)
    return {};
  if (!peers_->take_room(bytes))
    return bad("it does not read what it is told");
  unread_room_ = bytes;
  return {};
}

Result<void> BaspFilter::check_size() {
  const std::size_t bytes = header_.payload_bytes;
  if (bytes > payload_bytes_max())
    return bad("a frame of kind " + std::to_string(header_.operation) + " with " +
               std::to_string(bytes) + " bytes; allowed: " + std::to_string(payload_bytes_max()));
  if ((bytes == 0) != (header_.operation == heartbeat))
    return bad("a frame of kind " + std::to_string(header_.operation) + " with " +
               std::to_string(bytes) + " bytes");
  if (bytes <= short_bytes_max || is_admitted())
    return {};
  if (!peers_->take_room(bytes))
    return bad("a message of " + std::to_string(bytes) +
               " bytes, while others send long ones, too; allowed: " +
               std::to_string(PeerList::room_bytes) + " bytes together");
  room_ = bytes;
  return {};
}

Result<std::size_t> BaspFilter::take_header(std::span<const std::byte, header_bytes> header,
                                            RateLimit::Clock::time_point now) {
  constexpr std::size_t flags_at = 3, size_at = 4, data_at = 8, from_at = 16, to_at = 24;
  header_.operation = static_cast<std::uint8_t>(header[0]);
  header_.flags = static_cast<std::uint8_t>(header[flags_at]);
  header_.payload_bytes = word_at<std::uint32_t>(header, size_at);
  header_.data = word_at<std::uint64_t>(header, data_at);
  header_.from = word_at<std::uint64_t>(header, from_at);
  header_.to = word_at<std::uint64_t>(header, to_at);
  if (header_.operation > heartbeat)
    return bad("a frame of the unknown kind " + std::to_string(header_.operation));
  give_room_back(room_); // of the frame before
  if (Result<void> fine = check_size(); !fine)
    return fine.error();
  if (!messages_.take(now) && !is_admitted())
    return bad("too many messages; allowed: " +
               std::to_string(static_cast<int>(message_rate(peer_.kind).a_second)) + " a second");
  const bool is_handshake =
      header_.operation == server_handshake || header_.operation == client_handshake;
  if (is_handshake == has_shaken_hands_)
    return bad(is_handshake ? "a second handshake" : "a message before the handshake");
  if (is_handshake && (header_.operation == server_handshake) != has_called_)
    return bad("the handshake of the other side");
  return std::size_t{header_.payload_bytes};
}

Result<BaspFilter::Verdict> BaspFilter::judge(std::span<const std::byte> payload) {
  if (!has_shaken_hands_) {
    if (Result<void> taken = take_handshake(payload); !taken)
      return taken.error();
    return Verdict::pass;
  }
  if (header_.operation == heartbeat)
    return Verdict::pass;
  // CAF does not know who speaks over it, and this side is about to close it.
  if (!carries_)
    return has_called_ ? Result<Verdict>(Verdict::drop)
                       : Result<Verdict>(bad("a message over a second connection"));
  // Each CAF asks each other one for its servers' names, which no part of libstos needs.
  if (header_.flags != 0)
    return Verdict::drop;
  Route route{source_, {}, 0};
  if (header_.operation != direct_message) {
    const Result<Route> taken = take_route(payload);
    if (!taken)
      return taken.error();
    route = *taken;
  }
  if (header_.operation == down_message) { // CAF forgets the actor
    peers_->give_senders_back(senders_.erase({route.source, header_.from}));
    return Verdict::pass;
  }
  if (header_.operation == monitor_message)
    return Verdict::pass;
  // What a node passes on is of a foreign process, or the answer of another node to a tool.
  const bool is_for_another = route.source != source_;
  const bool is_answer = caf::message_id{header_.data}.is_response();
  const PeerKind kind = is_for_another && !is_answer ? PeerKind::process : peer_.kind;
  if (!is_admitted())
    if (Result<void> counted = count_sender(route.source); !counted)
      return counted.error();
  if (Result<void> fine = check_content(payload.subspan(route.bytes), kind, route.source); !fine)
    return fine.error();
  return Verdict::pass;
}

Result<void> BaspFilter::take_handshake(std::span<const std::byte> payload) {
  std::size_t size = 0;
  const std::optional<caf::node_id> system = read_system(payload, size);
  if (!system || to_string(*system) != system_)
    return bad("a handshake in the name of another actor system");
  // What follows in that of a server are lists of texts, which CAF reads with bounds checks.
  if (header_.operation == client_handshake && size != payload.size())
    return bad("a handshake with something behind it");
  source_ = *system;
  has_shaken_hands_ = true;
  carries_ = peers_->begin_to_carry(system_);
  return {};
}

// A node passes on what tools and foreign processes say that are connected with it and not with
// this process; and what is for those that are connected with this one.
Result<BaspFilter::Route> BaspFilter::take_route(std::span<const std::byte> payload) {
  std::size_t first = 0, second = 0;
  const std::optional<caf::node_id> source = read_system(payload, first);
  const std::optional<caf::node_id> destination =
      source ? read_system(payload.subspan(first), second) : std::nullopt;
  if (!destination)
    return bad("a frame whose way cannot be read");
  const std::string from = to_string(*source), to = to_string(*destination);
  const bool is_of_peer = *source == source_;
  if (!is_of_peer &&
      (peer_.kind != PeerKind::node || from == peers_->own_system() || peers_->find(from)))
    return bad("a message in the name of another process");
  if (!is_of_peer && behind_.size() >= behind_max && !behind_.contains(*source))
    return bad("messages of more than " + std::to_string(behind_max) + " systems behind it");
  if (!is_of_peer)
    behind_.insert(*source);
  const std::optional<Peer> receiver = peers_->find(to);
  if (to != peers_->own_system() && receiver && receiver->kind == PeerKind::node && !is_of_peer)
    return bad("a message from one node to another one");
  return Route{*source, *destination, first + second};
}

Result<void> BaspFilter::count_sender(const caf::node_id& source) {
  if (header_.from == 0 || senders_.contains({source, header_.from}))
    return {};
  if (senders_.size() >= senders_max || !peers_->take_sender())
    return bad("messages of more than " + std::to_string(senders_.size()) + " actors");
  senders_.emplace(source, header_.from);
  return {};
}

// Behind the way come, in CAF 0.18, the actors that answers are to take (libstos does not use
// that), then the number of values and their types.
Result<void> BaspFilter::check_content(std::span<const std::byte> payload, PeerKind kind,
                                       const caf::node_id& source) {
  constexpr std::size_t type_bytes = 2;
  if constexpr (caf_version::messages_have_way_back) {
    if (payload.empty() || payload[0] != std::byte{0})
      return bad("a message with a way back of its own");
    payload = payload.subspan(1);
  }
  const std::size_t values = payload.empty() ? 0 : static_cast<std::size_t>(payload[0]);
  if (payload.empty() || values > message_values_max || payload.size() < 1 + values * type_bytes)
    return bad("a message of too many values");
  const bool is_answer = caf::message_id{header_.data}.is_response();
  for (std::size_t i = 0; i < values; ++i) {
    const auto type = word_at<caf::type_id_t>(payload, 1 + i * type_bytes);
    const MessageRule rule = rule_for(type);
    const bool is_error = type == caf::type_id_v<caf::error>;
    if (!rule.sender)
      return bad("a message that is for within a process only: " + name_of(type));
    if (!Peer{kind, {}}.may(*rule.sender) && !(is_error && is_answer))
      return bad("a message that a " + std::string(to_string(kind)) +
                 " may not send: " + name_of(type));
    if (is_error && !is_answer)
      return bad("an error that answers nothing");
    if (rule.wants_sender && header_.from == 0)
      return bad("a message without a sender: " + name_of(type));
    if (rule.nests && payload.size() > nesting_bytes_max)
      return bad("a message with " + name_of(type) + " in it of " + std::to_string(payload.size()) +
                 " bytes; allowed: " + std::to_string(nesting_bytes_max));
    if (rule.names_speaker)
      if (Result<void> fine = check_speaker(payload, source); !fine)
        return fine;
  }
  return {};
}

// An exit message, or one of a link: who has ended or is linked must be of the process that says
// so, and no actor is to be killed (other reasons an actor may ignore).
Result<void> BaspFilter::check_speaker(std::span<const std::byte> payload,
                                       const caf::node_id& source) const {
  constexpr std::size_t type_bytes = 2, id_bytes = 8;
  const auto values = static_cast<std::size_t>(payload[0]);
  const auto type = [&](std::size_t i) {
    return word_at<caf::type_id_t>(payload, 1 + i * type_bytes);
  };
  const bool is_exit = values == 1 && type(0) == caf::type_id_v<caf::exit_msg>;
  const bool is_link = values == 2 && type(0) != caf::type_id_v<caf::exit_msg> &&
                       type(1) == caf::type_id_v<caf::strong_actor_ptr>;
  std::span<const std::byte> rest = payload.subspan(1 + values * type_bytes);
  std::size_t size = 0;
  if ((!is_exit && !is_link) || rest.size() < id_bytes ||
      read_system(rest.subspan(id_bytes), size) != source)
    return bad("an exit message, or one of a link, in the name of another process");
  rest = rest.subspan(id_bytes + size);
  constexpr std::size_t reason_bytes = 4; // there is one; code, category
  if (is_exit && rest.size() >= reason_bytes && rest[0] != std::byte{0} &&
      static_cast<caf::exit_reason>(rest[1]) == caf::exit_reason::kill &&
      word_at<caf::type_id_t>(rest, 2) == caf::type_id_v<caf::exit_reason>)
    return bad("an exit message that kills");
  return {};
}

} // namespace stos::detail
