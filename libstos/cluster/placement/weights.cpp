#include "libstos/cluster/placement/weights.hpp"

#include "libstos/base/bytes.hpp"
#include "libstos/world/cell.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

namespace stos {
namespace {

std::uint32_t clipped(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

} // namespace

std::vector<std::byte> encode(const NodeWeights& weights) {
  BytesWriter out;
  out.f64(weights.busy_s);
  out.varint(weights.agents.size());
  for (const NodeWeights::Agent& agent : weights.agents) {
    out.u64(agent.id.value);
    out.varint(agent.events);
  }
  out.varint(weights.traffic.size());
  for (const NodeWeights::Traffic& each : weights.traffic) {
    out.u64(each.from.value);
    out.u64(each.to.value);
    out.varint(each.lambdas);
  }
  out.varint(weights.new_here.size());
  for (const AgentId id : weights.new_here)
    out.u64(id.value);
  return out.take();
}

Result<NodeWeights> decode_weights(std::span<const std::byte> bytes) {
  constexpr std::size_t bytes_of_agent = 9, bytes_of_traffic = 17;
  const auto number = [](BytesReader& in) {
    const std::uint64_t told = in.varint();
    if (told > std::numeric_limits<std::uint32_t>::max())
      in.fail();
    return clipped(told);
  };
  BytesReader in(bytes);
  NodeWeights weights;
  weights.busy_s = in.f64();
  for (std::size_t left = in.count(bytes_of_agent); left > 0 && in.ok(); --left) {
    const AgentId id{in.u64()};
    weights.agents.push_back({id, number(in)});
  }
  for (std::size_t left = in.count(bytes_of_traffic); left > 0 && in.ok(); --left) {
    const AgentId from{in.u64()};
    const AgentId to{in.u64()};
    weights.traffic.push_back({from, to, number(in)});
  }
  for (std::size_t left = in.count(sizeof(std::uint64_t)); left > 0 && in.ok(); --left)
    weights.new_here.push_back(AgentId{in.u64()});
  if (!in.at_end() || !(weights.busy_s >= 0) || weights.busy_s > std::numeric_limits<double>::max())
    return Error{Errc::bad_message, "weights of agents that cannot be read (" +
                                        std::to_string(bytes.size()) + " bytes)"};
  return weights;
}

void Scales::add(const detail::Cell& agent) {
  events_now_.push_back({agent.id, agent.events});
  for (const detail::Channel* channel = agent.outgoing; channel != nullptr;
       channel = channel->next_outgoing)
    sent_now_.push_back({agent.id, channel->number.value, channel->next_sequence, channel->to->id});
}

NodeWeights Scales::weigh(double busy_s) {
  const auto place = [](const Sent& sent) { return std::tuple(sent.from, sent.channel); };
  std::ranges::sort(events_now_, {}, &Events::agent);
  std::ranges::sort(sent_now_, {}, place);
  NodeWeights weights;
  weights.busy_s = std::max(0.0, busy_s - std::exchange(busy_before_s_, busy_s));
  auto sent = sent_now_.begin();
  auto sent_before = sent_before_.begin();
  auto before = events_before_.begin();
  for (const Events& now : events_now_) {
    before = std::find_if(before, events_before_.end(),
                          [&now](const Events& each) { return !(each.agent < now.agent); });
    const bool was_here = before != events_before_.end() && before->agent == now.agent;
    if (!was_here)
      weights.new_here.push_back(now.agent);
    const std::uint32_t events = was_here ? now.events - before->events : 0;
    const std::size_t traffic = weights.traffic.size();
    for (; sent != sent_now_.end() && sent->from == now.agent; ++sent) {
      sent_before = std::find_if(sent_before, sent_before_.end(),
                                 [&](const Sent& each) { return !(place(each) < place(*sent)); });
      const bool is_known =
          sent_before != sent_before_.end() && place(*sent_before) == place(*sent);
      const std::uint64_t first = is_known ? sent_before->lambdas : was_here ? 0 : sent->lambdas;
      if (sent->lambdas > first)
        weights.traffic.push_back({now.agent, sent->to, clipped(sent->lambdas - first)});
    }
    if (events > 0 || weights.traffic.size() > traffic)
      weights.agents.push_back({now.agent, events});
  }
  events_before_ = std::move(events_now_);
  sent_before_ = std::move(sent_now_);
  begin();
  return weights;
}

} // namespace stos
