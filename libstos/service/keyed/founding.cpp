#include "libstos/service/keyed/founding.hpp"

#include "libstos/base/bytes.hpp"

#include <algorithm>

namespace stos::keyed {

Founding::Founding(raft::NodeId self, bool has_begun) {
  word_.host = self;
  word_.has_begun = has_begun;
  if (has_begun)
    word_.founders = {self};
}

void Founding::enter(std::uint64_t epoch, std::vector<raft::NodeId> members, raft::NodeId own) {
  word_.epoch = epoch;
  members_ = std::move(members);
  own_ = own;
  std::erase_if(heard_, [this](const auto& heard) {
    return std::ranges::find(members_, heard.first) == members_.end();
  });
  step();
}

void Founding::hear(raft::NodeId member, const Word& word) {
  if (std::ranges::find(members_, member) == members_.end() || member == own_)
    return;
  heard_[member] = word;
  step();
}

void Founding::step() {
  if (word_.has_begun)
    return;
  for (const auto& [member, word] : heard_)
    if (word.has_begun)
      return begin(word.founders);
  if (!all_have_spoken())
    return;
  pledge();
  if (std::ranges::all_of(heard_, [this](const auto& heard) {
        return heard.second.pledged_in == word_.pledged_in;
      }))
    begin(word_.founders);
}

void Founding::begin(std::vector<raft::NodeId> founders) {
  word_.founders = std::move(founders);
  word_.has_begun = true;
}

bool Founding::all_are_over() const {
  return word_.is_over &&
         std::ranges::all_of(heard_, [](const auto& heard) { return heard.second.is_over; });
}

/// In this view.
bool Founding::all_have_spoken() const {
  return !members_.empty() && std::ranges::all_of(members_, [this](raft::NodeId member) {
    const auto heard = heard_.find(member);
    return member == own_ || (heard != heard_.end() && heard->second.epoch == word_.epoch);
  });
}

void Founding::pledge() {
  for (const auto& [member, word] : heard_)
    if (word.pledged_in > word_.pledged_in) {
      word_.pledged_in = word.pledged_in;
      word_.founders = word.founders;
    }
  if (word_.pledged_in != 0)
    return;
  word_.pledged_in = word_.epoch;
  for (const raft::NodeId member : members_)
    word_.founders.push_back(member == own_ ? word_.host : heard_.at(member).host);
}

std::vector<std::byte> encode(const Founding::Word& word) {
  BytesWriter out;
  out.varint(word.host.value);
  out.varint(word.epoch);
  out.u8(word.has_begun ? 1 : 0);
  out.varint(word.pledged_in);
  out.varint(word.founders.size());
  for (const raft::NodeId founder : word.founders)
    out.varint(founder.value);
  out.u8(word.is_over ? 1 : 0);
  return out.take();
}

Result<Founding::Word> decode_word(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  Founding::Word word;
  word.host = {in.varint()};
  word.epoch = in.varint();
  word.has_begun = in.u8() != 0;
  word.pledged_in = in.varint();
  word.founders.resize(in.count(1));
  for (raft::NodeId& founder : word.founders)
    founder = {in.varint()};
  word.is_over = in.u8() != 0;
  if (!in.at_end() || !word.host)
    return Error{Errc::bad_message, "no word of a host of replicated agents"};
  return word;
}

} // namespace stos::keyed
