#include "libstos/engine/parallel/waits.hpp"

#include "libstos/base/plain_text.hpp"
#include "libstos/world/event_context.hpp"
#include "libstos/world/world.hpp"

#include <algorithm>
#include <limits>

namespace stos::detail {
namespace {

constexpr std::uint64_t all_of_the_first = 64;
constexpr std::uint64_t then_each = 16;
constexpr int channels_to_look_at = 256;

Point place(const Trajectory& path, double time) {
  return path.position(std::max(time, path.anchor()[0]));
}

double distance(const Cell& to, const Channel& from, double time) {
  return to.world->space.distance(place(*from.source_path, time), place(to.path, time));
}

} // namespace

std::string describe_distance(const Cell& to, const Channel& channel, AgentId source, double time) {
  PlainText text;
  text << detail::describe(to) << ", " << distance(to, channel, time) << " s of light from agent "
       << source.value;
  if (!to.path.at_rest() || !channel.source_path->at_rest())
    text << " (in motion)";
  return text.str();
}

void Waits::count(const Cell& cell, double time) {
  if (number_++ >= all_of_the_first && number_ % then_each != 0)
    return;
  ++looked_at_;
  auto* found = std::find_if(candidates_.begin(), candidates_.end(),
                             [&](const Candidate& c) { return c.agent == cell.id; });
  if (found == candidates_.end() || found->times == 0) {
    found = std::min_element(candidates_.begin(), candidates_.end(),
                             [](const auto& a, const auto& b) { return a.times < b.times; });
    found->agent = cell.id;
    found->text = describe(cell, time);
  }
  ++found->times;
}

std::string Waits::describe(const Cell& cell, double time) const {
  const Channel* nearest = nullptr;
  double least = std::numeric_limits<double>::infinity();
  int looks = 0;
  for (const IncomingChannel* c = cell.mailbox.first_channel();
       c != nullptr && ++looks <= channels_to_look_at; c = c->next_incoming) {
    const auto& channel = static_cast<const Channel&>(*c);
    if (channel.detached || channel.is_hold() || channel.group == domain_)
      continue;
    if (const double here = distance(cell, channel, time); here < least) {
      nearest = &channel;
      least = here;
    }
  }
  if (nearest == nullptr)
    return detail::describe(cell) + ", which is near agents that hear others elsewhere";
  const auto& course = static_cast<const ChannelCourse&>(nearest->course());
  return describe_distance(cell, *nearest, course.agent, time);
}

Waits::MostFrequent Waits::most_frequent() const {
  const auto* most =
      std::max_element(candidates_.begin(), candidates_.end(),
                       [](const auto& a, const auto& b) { return a.times < b.times; });
  if (most->times == 0)
    return {};
  return {most->text, static_cast<double>(most->times) / static_cast<double>(looked_at_)};
}

} // namespace stos::detail
