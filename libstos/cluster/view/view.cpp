#include "libstos/cluster/view/view.hpp"

#include <algorithm>

namespace stos::detail {

std::optional<std::size_t> View::index_of(raft::NodeId node) const {
  const auto found = std::ranges::find(members, node, &Member::id);
  if (found == members.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - members.begin());
}

std::vector<raft::NodeId> View::ids() const {
  std::vector<raft::NodeId> ids;
  for (const Member& member : members)
    ids.push_back(member.id);
  std::ranges::sort(ids);
  return ids;
}

std::string View::to_string() const {
  std::string text = "view " + std::to_string(epoch) + " of ";
  for (const Member& member : members)
    text += (&member == members.data() ? "" : ", ") + member.name;
  return text;
}

std::vector<std::byte> encode(const View& view) {
  BytesWriter out;
  out.varint(view.epoch);
  out.varint(view.members.size());
  for (const View::Member& member : view.members) {
    out.varint(member.id.value);
    out.text(member.name);
    out.text(member.address.host);
    out.u16(member.address.port);
    out.u64(member.life);
  }
  out.varint(view.last_id);
  out.text(view.why);
  out.varint(view.joined);
  out.varint(view.left);
  out.varint(view.lost);
  return out.take();
}

Result<View> decode_view(std::span<const std::byte> bytes) {
  constexpr std::size_t least_bytes = 13; // of a member
  BytesReader in(bytes);
  View view;
  view.epoch = in.varint();
  const std::size_t size = in.count(least_bytes);
  while (view.members.size() < size && in.ok()) {
    View::Member member;
    member.id = {in.varint()};
    member.name = in.text();
    member.address.host = in.text();
    member.address.port = in.u16();
    member.life = in.u64();
    if (!member.id || (!view.members.empty() && !(view.members.back().name < member.name)))
      in.fail();
    view.members.push_back(std::move(member));
  }
  view.last_id = in.varint();
  view.why = in.text();
  view.joined = in.varint();
  view.left = in.varint();
  view.lost = in.varint();
  std::vector<raft::NodeId> ids = view.ids();
  if (!in.at_end() || view.members.empty() || view.members.size() > View::members_max ||
      view.epoch == 0 || view.last_id < ids.back().value ||
      std::ranges::adjacent_find(ids) != ids.end())
    return Error{Errc::bad_message,
                 "no view: " + std::to_string(bytes.size()) + " bytes that make no sense"};
  return view;
}

} // namespace stos::detail
