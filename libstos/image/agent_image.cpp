#include "libstos/image/agent_image.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/image/record_bytes.hpp"
#include "libstos/spacetime/trajectory_bytes.hpp"
#include "libstos/world/agent_base.hpp"

#include <algorithm>
#include <exception>
#include <typeinfo>
#include <utility>

namespace stos::detail {

std::optional<std::string> obstacle_to_image(const Cell& cell) {
  if (cell.agent == nullptr)
    return "it was deleted by hand";
  const AgentBase& agent = *cell.agent;
  if (typeid(agent) != *cell.ops->type)
    return "it is a " + demangle(typeid(agent).name()) + ", which derives from " +
           cell.ops->type_name +
           ", and would arrive as that: only the class that is named in Agent<...> can move";
  if (cell.ops->stays_because != nullptr)
    return std::string("its class ") + cell.ops->type_name + " " + cell.ops->stays_because;
  if (cell.ops->save == nullptr && cell.ops->has_inspect)
    return std::string("its class ") + cell.ops->type_name +
           " has an inspect, but no default constructor that libstos can call, which goes before "
           "it where the agent arrives: one that is private needs `friend struct stos::AgentMaker`";
  if (cell.ops->save == nullptr)
    return std::string("its class needs `template <class Inspector> bool inspect(Inspector& f, ") +
           cell.ops->type_name +
           "& x)`, which saves and loads its members, and a default "
           "constructor";
  if (find_agent_type(cell.ops->type_id) == nullptr)
    return no_agent_type(cell.ops->type_id).context;
  std::optional<std::string> bound;
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    const ClosureOps& ops = *static_cast<const Closure&>(lambda).ops;
    if (!bound && !can_travel(ops))
      bound = "a lambda waits in its mailbox that cannot travel: " + cannot_travel(ops).context;
  });
  return bound;
}

std::optional<std::string> MemberSaver::save(Cell& cell, std::vector<std::byte>& appended_to) {
  BytesWriter out(appended_to);
  return save(cell, out);
}

std::optional<std::string> MemberSaver::save(Cell& cell, BytesWriter& out) {
  {
    try {
      transfer_.begin(cell);
      context_.begin_transfer(transfer_);
      const EventContext::Scope scope(&context_);
      cell.ops->save(*cell.agent, out);
    } catch (const std::exception& e) {
      return e.what();
    }
    if (!out.ok())
      return "its inspect has failed";
  }
  if (const Channel* channel = transfer_.first_unclaimed())
    return "its inspect does not save the ChannelWriter of its channel number " +
           std::to_string(channel->number.value) + ", to " + describe(*channel->to);
  return std::nullopt;
}

std::optional<std::string> ImageWriter::write(Cell& cell, BytesWriter& out) {
  if (!is_like_the_last(cell)) {
    if (auto why = obstacle_to_image(cell))
      return why;
    last_class_ = cell.ops;
    classes_.emplace(cell.ops->type_id, &cell);
  }
  write_record(cell, out);
  write_channels(cell, out);
  if (!write_lambdas(cell, out))
    return obstacle_to_image(cell);
  if (!out.ok())
    return "a lambda that waits in its mailbox has an argument that cannot be saved";
  return members_.save(cell, out);
}

// Then its class is no obstacle either.
bool ImageWriter::is_like_the_last(const Cell& cell) const {
  return cell.ops == last_class_ && cell.agent != nullptr && typeid(*cell.agent) == *cell.ops->type;
}

// The one that was opened first comes first: the list begins with the last one.
void ImageWriter::write_channels(const Cell& cell, BytesWriter& out) {
  channels_.clear();
  for (const Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed)
      channels_.push_back(c);
  std::reverse(channels_.begin(), channels_.end());
  out.varint(channels_.size());
  for (const Channel* channel : channels_) {
    out.varint(channel->number.value);
    out.varint(channel->next_sequence);
    out.u64(channel->to->id.value);
  }
}

// False if one of them cannot travel.
bool ImageWriter::write_lambdas(const Cell& cell, BytesWriter& out) {
  lambdas_.clear();
  cell.mailbox.for_each([this](const Lambda& lambda, double absorption) {
    lambdas_.emplace_back(lambda.key(absorption), &static_cast<const Closure&>(lambda));
  });
  std::sort(lambdas_.begin(), lambdas_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out.varint(lambdas_.size());
  for (const auto& [key, lambda] : lambdas_) {
    if (lambda->ops != last_lambda_) {
      if (!can_travel(*lambda->ops))
        return false;
      last_lambda_ = lambda->ops;
      lambda_types_.emplace(lambda->ops->type_id, lambda->ops);
    }
    out.u64(lambda->ops->type_id);
    out.u8(static_cast<std::uint8_t>(lambda->kind));
    out.f64(key.instant.absorption);
    write_point(lambda->emission, out);
    out.varint(lambda->emission_depth);
    out.u64(lambda->source.value);
    out.varint(lambda->channel.value);
    out.varint(lambda->sequence);
    out.f64(lambda->due);
    out.varint(lambda->references == nullptr ? 0 : lambda->references->size());
    if (lambda->references != nullptr)
      for (const CarriedReference& carried : *lambda->references) {
        out.u64(carried.ticket);
        out.u64(carried.hold->to->id.value);
      }
    lambda->ops->save(*lambda, out);
  }
  return true;
}

} // namespace stos::detail
