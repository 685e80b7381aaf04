#include "libstos/service/keyed/group_table.hpp"

#include "libstos/base/hash.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace stos::keyed {
namespace {

enum class Item : std::uint8_t {
  node = 1,
  remove_node,
  begin,
  split,
  merge,
  transfer_done,
  founded,
  replicas,
  placed
};

constexpr std::uint8_t snapshot_version = 1;
constexpr std::size_t replicas_max = 15;

BytesWriter& begin(BytesWriter& out, Item item) {
  out.u8(static_cast<std::uint8_t>(item));
  return out;
}

void write(const std::vector<raft::NodeId>& nodes, BytesWriter& out) {
  out.varint(nodes.size());
  for (const raft::NodeId node : nodes)
    out.varint(node.value);
}

std::vector<raft::NodeId> read_nodes(BytesReader& in) {
  std::vector<raft::NodeId> nodes;
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    nodes.push_back({in.varint()});
  return nodes;
}

std::vector<std::byte> nodes_item(Item item, raft::GroupId group,
                                  const std::vector<raft::NodeId>& nodes) {
  BytesWriter out;
  begin(out, item).varint(group.value);
  write(nodes, out);
  return out.take();
}

} // namespace

std::vector<raft::NodeId>
place(raft::GroupId group, const std::map<raft::NodeId, std::string>& zones, std::size_t count) {
  std::vector<std::pair<std::uint64_t, raft::NodeId>> lots;
  for (const auto& [node, zone] : zones)
    lots.emplace_back(mix64(mix64(node.value) ^ group.value), node);
  std::ranges::sort(lots, std::greater<>());
  std::vector<raft::NodeId> placed;
  while (placed.size() < std::min(count, lots.size())) {
    std::set<std::string> used; // in this turn; nodes without a zone are zones of their own
    for (const auto& [lot, node] : lots) {
      const std::string& zone = zones.at(node);
      if (placed.size() < count && std::ranges::find(placed, node) == placed.end() &&
          (zone.empty() || used.insert(zone).second))
        placed.push_back(node);
    }
  }
  return placed;
}

// ---- items
// -----------------------------------------------------------------------------------------

std::vector<std::byte> GroupTable::node_item(raft::NodeId node, const std::string& zone) {
  BytesWriter out;
  begin(out, Item::node).varint(node.value);
  out.text(zone);
  return out.take();
}

std::vector<std::byte> GroupTable::remove_node_item(raft::NodeId node) {
  BytesWriter out;
  begin(out, Item::remove_node).varint(node.value);
  return out.take();
}

std::vector<std::byte> GroupTable::begin_item(std::size_t replicas) {
  BytesWriter out;
  begin(out, Item::begin).varint(replicas);
  return out.take();
}

std::vector<std::byte> GroupTable::split_item(raft::GroupId group, std::uint64_t at,
                                              std::size_t replicas) {
  BytesWriter out;
  begin(out, Item::split).varint(group.value);
  out.u64(at);
  out.varint(replicas);
  return out.take();
}

std::vector<std::byte> GroupTable::merge_item(raft::GroupId from, raft::GroupId to) {
  BytesWriter out;
  begin(out, Item::merge).varint(from.value);
  out.varint(to.value);
  return out.take();
}

std::vector<std::byte> GroupTable::transfer_done_item(std::uint64_t transfer) {
  BytesWriter out;
  begin(out, Item::transfer_done).varint(transfer);
  return out.take();
}

std::vector<std::byte> GroupTable::founded_item(raft::GroupId group) {
  BytesWriter out;
  begin(out, Item::founded).varint(group.value);
  return out.take();
}

std::vector<std::byte> GroupTable::replicas_item(raft::GroupId group,
                                                 const std::vector<raft::NodeId>& nodes) {
  return nodes_item(Item::replicas, group, nodes);
}

std::vector<std::byte> GroupTable::placed_item(raft::GroupId group,
                                               const std::vector<raft::NodeId>& nodes) {
  return nodes_item(Item::placed, group, nodes);
}

// ---- what is applied
// -------------------------------------------------------------------------------

Answer GroupTable::apply(std::span<const std::byte> item, Place /*place*/, Time /*now*/,
                         std::vector<Effect>* /*effects*/) {
  BytesReader in(item);
  const auto kind = static_cast<Item>(in.u8());
  const std::uint64_t first = in.varint(); // each begins with a number
  bool fits = false;
  switch (kind) {
    case Item::node:
      fits = first != 0;
      if (fits)
        nodes_[{first}] = in.text();
      break;
    case Item::remove_node: fits = nodes_.erase({first}) > 0; break;
    case Item::begin: fits = begin_groups(first); break;
    case Item::split: {
      const std::uint64_t at = in.u64();
      fits = split({first}, at, in.varint());
      break;
    }
    case Item::merge: fits = merge({first}, {in.varint()}); break;
    case Item::transfer_done: fits = end_transfer(first); break;
    case Item::founded:
    case Item::replicas:
    case Item::placed:
      if (const auto at = groups_.find({first}); at != groups_.end()) {
        fits = true;
        TableGroup& group = at->second;
        if (kind == Item::founded)
          group.is_founded = true;
        else
          (kind == Item::replicas ? group.replicas : group.placed) = read_nodes(in);
      }
      break;
    default: break;
  }
  return fits ? Answer{} : Answer::refused(Outcome::try_later);
}

raft::GroupId GroupTable::add_group(TableGroup::Kind kind, std::size_t replicas) {
  const raft::GroupId id{++last_group_};
  TableGroup& group = groups_[id];
  group.kind = kind;
  group.replicas = place(id, nodes_, std::clamp<std::size_t>(replicas, 1, replicas_max));
  group.founders = group.replicas;
  group.placed = group.replicas;
  return id;
}

bool GroupTable::begin_groups(std::size_t replicas) {
  if (!groups_.empty() || nodes_.empty())
    return false;
  static_cast<void>(add_group(TableGroup::Kind::quotas, replicas));
  const raft::GroupId first = add_group(TableGroup::Kind::agents, replicas);
  transfers_.push_back({++last_transfer_, Range::all(), {}, first});
  return true;
}

bool GroupTable::split(raft::GroupId group, std::uint64_t at, std::size_t replicas) {
  const auto found = groups_.find(group);
  if (found == groups_.end() || !found->second.range || transfer_of(group) != nullptr)
    return false;
  const Range range = *found->second.range;
  if (at <= range.first || at > range.last)
    return false;
  const raft::GroupId upper = add_group(TableGroup::Kind::agents, replicas);
  transfers_.push_back({++last_transfer_, {at, range.last}, group, upper});
  return true;
}

bool GroupTable::merge(raft::GroupId from, raft::GroupId to) {
  const TableGroup* const giver = find(from);
  const TableGroup* const taker = find(to);
  if (giver == nullptr || taker == nullptr || !giver->range || !taker->range ||
      transfer_of(from) != nullptr || transfer_of(to) != nullptr)
    return false;
  if (next_to(from) != to && next_to(to) != from)
    return false;
  transfers_.push_back({++last_transfer_, *giver->range, from, to});
  return true;
}

bool GroupTable::end_transfer(std::uint64_t id) {
  const auto at = std::ranges::find_if(
      transfers_, [id](const Transfer& transfer) { return transfer.id == id; });
  if (at == transfers_.end())
    return false;
  const Transfer transfer = *at;
  transfers_.erase(at);
  if (const auto giver = groups_.find(transfer.from);
      giver != groups_.end() && giver->second.range) {
    if (giver->second.range == transfer.range)
      groups_.erase(giver);
    else if (giver->second.range->first == transfer.range.first)
      giver->second.range->first = transfer.range.last + 1;
    else
      giver->second.range->last = transfer.range.first - 1;
  }
  std::optional<Range>& taken = groups_[transfer.to].range;
  taken = taken ? Range{std::min(taken->first, transfer.range.first),
                        std::max(taken->last, transfer.range.last)}
                : transfer.range;
  index_ranges();
  return true;
}

// ---- looks
// -----------------------------------------------------------------------------------------

const TableGroup* GroupTable::find(raft::GroupId group) const {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second;
}

const Transfer* GroupTable::transfer_of(raft::GroupId group) const {
  for (const Transfer& transfer : transfers_)
    if (transfer.from == group || transfer.to == group)
      return &transfer;
  return nullptr;
}

std::optional<raft::GroupId> GroupTable::group_of(std::uint64_t hash) const {
  const auto at = by_last_.lower_bound(hash);
  if (at == by_last_.end() || !groups_.at(at->second).range->contains(hash))
    return std::nullopt;
  return at->second;
}

void GroupTable::index_ranges() {
  by_last_.clear();
  for (const auto& [id, group] : groups_)
    if (group.range)
      by_last_[group.range->last] = id;
}

std::optional<raft::GroupId> GroupTable::next_to(raft::GroupId group) const {
  const TableGroup* const found = find(group);
  if (found == nullptr || !found->range || found->range->last == Range::all().last)
    return std::nullopt;
  return group_of(found->range->last + 1);
}

Answer GroupTable::query(std::span<const std::byte> /*query*/, std::vector<Effect>* /*effects*/) {
  return {Outcome::done, 0, {}, snapshot()};
}

std::vector<std::byte> GroupTable::snapshot() const {
  BytesWriter out;
  out.u8(snapshot_version);
  out.varint(last_group_);
  out.varint(last_transfer_);
  out.varint(nodes_.size());
  for (const auto& [node, zone] : nodes_) {
    out.varint(node.value);
    out.text(zone);
  }
  out.varint(groups_.size());
  for (const auto& [id, group] : groups_) {
    out.varint(id.value);
    out.u8(static_cast<std::uint8_t>(group.kind));
    out.u8(group.is_founded ? 1 : 0);
    out.u8(group.range ? 1 : 0);
    if (group.range)
      keyed::write(*group.range, out);
    write(group.founders, out);
    write(group.replicas, out);
    write(group.placed, out);
  }
  out.varint(transfers_.size());
  for (const Transfer& transfer : transfers_)
    keyed::write(transfer, out);
  return out.take();
}

Result<void> GroupTable::restore(std::span<const std::byte> bytes) {
  GroupTable read;
  if (!bytes.empty()) {
    BytesReader in(bytes);
    const bool right = in.u8() == snapshot_version;
    read.last_group_ = in.varint();
    read.last_transfer_ = in.varint();
    for (std::size_t left = in.count(2); left > 0 && in.ok(); --left) {
      const raft::NodeId node{in.varint()};
      read.nodes_[node] = in.text();
    }
    constexpr std::size_t least_bytes_of_group = 7;
    for (std::size_t left = in.count(least_bytes_of_group); left > 0 && in.ok(); --left) {
      TableGroup& group = read.groups_[{in.varint()}];
      group.kind = in.u8() == 0 ? TableGroup::Kind::agents : TableGroup::Kind::quotas;
      group.is_founded = in.u8() != 0;
      if (in.u8() != 0)
        group.range = read_range(in);
      group.founders = read_nodes(in);
      group.replicas = read_nodes(in);
      group.placed = read_nodes(in);
    }
    constexpr std::size_t least_bytes_of_transfer = 19;
    for (std::size_t left = in.count(least_bytes_of_transfer); left > 0 && in.ok(); --left)
      read.transfers_.push_back(read_transfer(in));
    if (!right || !in.at_end())
      return Error{Errc::bad_message, "a snapshot of the table of groups makes no sense"};
  }
  *this = std::move(read);
  index_ranges();
  return {};
}

} // namespace stos::keyed
