#include "libstos/cluster/wire/parcel_reader.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/cluster/wire/parcel_writer.hpp"
#include "libstos/spacetime/trajectory_bytes.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint64_t channels_max = std::uint64_t{1} << 32;

constexpr std::uint64_t early_closings_max = std::uint64_t{1} << 20;

template <class T>
bool fits_into(std::uint64_t value) {
  return value < std::numeric_limits<T>::max();
}

} // namespace

bool ParcelReader::refuse(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

void ParcelReader::adopt(Channel& channel, AgentId source) {
  channels_.push_back({&channel, source, channel.next_sequence, channel.far_course().source,
                       Instant::beginning().absorption});
  channel.far_course().wire = channels_.size();
}

Result<void> ParcelReader::read(BytesReader& in, double earliest) {
  earliest_ = earliest;
  while (in.remaining() > 0 && read_record(in))
    ;
  if (in.at_end() && problem_.empty())
    return {};
  return Error{Errc::bad_message, "node " + std::to_string(node_.number() + 1) +
                                      " sent a record that " +
                                      (problem_.empty() ? "ends too early" : problem_)};
}

bool ParcelReader::read_record(BytesReader& in) {
  const std::uint8_t first = in.u8();
  const auto flags = static_cast<std::uint8_t>(first & ~RecordFlags::kind_mask);
  const auto kind = static_cast<RecordKind>(first & RecordFlags::kind_mask);
  if (kind == RecordKind::open && flags == RecordFlags::again)
    return read_open_again(in);
  if (kind == RecordKind::turned && (flags & ~RecordFlags::same) == 0)
    return read_turned(flags, in);
  if (kind != RecordKind::lambda && flags != 0)
    return refuse("has flags that belong to a lambda");
  switch (kind) {
    case RecordKind::lambda: return read_lambda(flags, in);
    case RecordKind::open: return read_open(in);
    case RecordKind::close: return read_close(in);
    case RecordKind::turned: return read_turned(flags, in);
    case RecordKind::open_hold: return read_open_hold(in);
    case RecordKind::close_hold: return read_close_hold(in);
    case RecordKind::verdicts: return read_verdicts(in);
    case RecordKind::image: return read_image(in);
  }
  return refuse("is of an unknown kind");
}

ParcelReader::Incoming* ParcelReader::channel_of(std::uint64_t number) {
  if (number == 0 || number > channels_.size() || channels_[number - 1].channel == nullptr) {
    (void)refuse("names channel " + std::to_string(number) + ", which is not open");
    return nullptr;
  }
  return &channels_[number - 1];
}

bool ParcelReader::read_lambda(std::uint8_t flags, BytesReader& in) {
  Incoming* incoming = channel_of(in.varint());
  if (incoming == nullptr)
    return false;
  const Point emission =
      (flags & RecordFlags::whole_point) != 0 ? read_point(in) : incoming->path.position(in.f64());
  const std::uint64_t depth = (flags & RecordFlags::depth) != 0 ? in.varint() : 0;
  const std::uint64_t code = in.varint();
  if ((flags & RecordFlags::new_code) != 0) {
    const std::uint64_t id = in.u64();
    const ClosureOps* ops = find_closure(id);
    if (code != codes_.size() || ops == nullptr)
      return refuse("brings code that this program does not have");
    codes_.push_back(ops);
  }
  if (code >= codes_.size())
    return refuse("has code number " + std::to_string(code) + ", which is unknown");
  if (!in.ok() || !is_within_limits(emission) || !fits_into<std::uint32_t>(depth))
    return refuse("was emitted nowhere");
  if (emission[0] < std::max(earliest_, incoming->last_emission))
    return refuse("was emitted at " + exact_text(emission[0]) +
                  " s, where nothing was to come before " +
                  exact_text(std::max(earliest_, incoming->last_emission)) + " s");

  std::unique_ptr<std::vector<CarriedReference>> references;
  Channel& channel = *incoming->channel;
  if ((flags & RecordFlags::references) != 0) {
    references = std::make_unique<std::vector<CarriedReference>>();
    if (!read_references(*references, *channel.to, in))
      return false;
  }
  Closure* lambda = codes_[code]->load(&abroad_.pool, in);
  if (lambda == nullptr)
    return refuse(std::string("cannot be read as the data of ") + codes_[code]->name);
  incoming->last_emission = emission[0];
  lambda->references = std::move(references);
  lambda->emission = emission;
  lambda->emission_depth = static_cast<std::uint32_t>(depth);
  lambda->kind = Lambda::Kind::channel;
  lambda->via = &channel;
  lambda->to = channel.to;
  lambda->source = incoming->source;
  lambda->channel = channel.number;
  lambda->sequence = incoming->next_sequence++;
  to_domains_.post(channel.to->group, {Parcel::Kind::lambda, nullptr, lambda, nullptr});
  ++lambdas_;
  return true;
}

bool ParcelReader::read_references(std::vector<CarriedReference>& references, const Cell& holder,
                                   BytesReader& in) {
  constexpr std::size_t bytes_each = 26;
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    const std::uint64_t ticket = in.u64();
    const std::uint64_t name = in.u64();
    const AgentId target{in.u64()};
    const auto node = abroad_.place.find_node(in.varint());
    const AgentOps* ops = read_class(in);
    if (!in.ok() || ops == nullptr || !node)
      return refuse("carries a reference that cannot be read");
    Channel* hold = take_hold(name, target, *node, *ops, holder);
    if (hold == nullptr)
      return refuse("carries a reference to an agent that is not held");
    references.push_back({ticket, hold});
  }
  return in.ok();
}

// The hold of an agent that is here was opened before; of one elsewhere it is closed from here.
Channel* ParcelReader::take_hold(std::uint64_t name, AgentId target, NodeIndex target_node,
                                 const AgentOps& ops, const Cell& holder) {
  if (target_node == abroad_.place.own_node) {
    const auto found = abroad_.holds.of_agents_here.find(name);
    if (found == abroad_.holds.of_agents_here.end())
      return nullptr;
    Channel* hold = found->second;
    if (hold->to->id != target)
      return nullptr;
    abroad_.holds.of_agents_here.erase(found);
    return hold;
  }
  if (abroad_.holds.closed_from_here.contains(name))
    return nullptr;
  Cell& cell =
      abroad_.elsewhere.record_of(target, ops, abroad_.place.group_of(target_node), abroad_.world);
  Channel& hold = Channel::create(abroad_.pool, cell);
  hold.keep_holder(holder.id).wire = name;
  AgentsElsewhere::retain(cell);
  abroad_.holds.closed_from_here.emplace(name, &hold);
  return &hold;
}

bool ParcelReader::read_open(BytesReader& in) {
  const std::uint64_t number = in.varint();
  const AgentId source{in.u64()};
  const std::uint64_t channel_number = in.varint();
  const AgentId target{in.u64()};
  const double opening = in.f64();
  const double reaction_time = in.f64();
  Trajectory path;
  if (!read_trajectory(in, path) || !fits_into<std::uint32_t>(channel_number) ||
      !is_within_limits(opening) || opening < earliest_ || !(reaction_time >= 0) ||
      !is_within_limits(reaction_time))
    return refuse("opens a channel that cannot be");
  Cell* to = abroad_.world.directory->find(target);
  if (to == nullptr)
    return refuse("opens a channel to agent " + std::to_string(target.value) +
                  ", which is not here");
  if (!take_number(number))
    return false;

  Channel& channel = Channel::create(abroad_.pool, *to);
  ChannelCourse& course = channel.keep_source(source, path, nullptr);
  course.reaction_time = reaction_time;
  course.silent_until = opening;
  course.wire = number;
  channel.last_absorption = opening;
  channel.number = ChannelNumber{static_cast<std::uint32_t>(channel_number)};
  channel.group = abroad_.place.group_of(node_);
  channels_[number - 1] = {&channel, source, 0, path, opening};
  to_domains_.post(to->group, {Parcel::Kind::open, &channel, nullptr, nullptr});
  return true;
}

bool ParcelReader::take_number(std::uint64_t number) {
  if (number == 0 || number > channels_.size() + 1 || number >= channels_max)
    return refuse("opens a channel that cannot be");
  if (number > channels_.size())
    channels_.emplace_back();
  return channels_[number - 1].channel == nullptr || refuse("opens a channel that is open");
}

// The domain of the channel may be at work again, and keep its course up to date. All that was
// emitted before the stop is behind what the node has promised since.
bool ParcelReader::read_open_again(BytesReader& in) {
  const std::uint64_t number = in.varint();
  const AgentId source{in.u64()};
  const std::uint64_t channel_number = in.varint();
  const std::uint64_t next_sequence = in.varint();
  const ChannelName name{source, ChannelNumber{static_cast<std::uint32_t>(channel_number)}};
  Channel* channel = abroad_.unnumbered.find(name);
  if (!in.ok() || !fits_into<std::uint32_t>(channel_number) || channel == nullptr ||
      channel->group != abroad_.place.group_of(node_))
    return refuse("says that a channel comes from there now that does not");
  if (!take_number(number))
    return false;
  abroad_.unnumbered.take(name);
  ChannelCourse& course = channel->far_course();
  course.wire = number;
  channels_[number - 1] = {channel, source, next_sequence, course.source};
  return true;
}

bool ParcelReader::read_verdicts(BytesReader& in) {
  constexpr std::size_t bytes_each = 2;
  std::vector<MovesUnderWay::Verdict>& verdicts = abroad_.moves.verdicts;
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    const std::uint64_t index = in.varint();
    const std::uint8_t result = in.u8();
    std::string text;
    if (result == static_cast<std::uint8_t>(MoveResult::not_serialisable))
      text = in.text();
    if (!in.ok() || index >= verdicts.size() || result >= move_results ||
        verdicts[index].result != MoveResult::no_such_agent)
      return refuse("decides on a move that it was not asked for");
    verdicts[index] = {node_, static_cast<MoveResult>(result), std::move(text)};
  }
  return in.ok();
}

bool ParcelReader::read_image(BytesReader& in) {
  const std::span<const std::byte> image = in.raw(in.count(1));
  if (!in.ok() || abroad_.moves.wishes.empty())
    return refuse("brings an agent that no node has asked to move");
  abroad_.moves.images.push_back({node_, abroad_.moves.bytes.add(image)});
  return true;
}

bool ParcelReader::read_close(BytesReader& in) {
  Incoming* incoming = channel_of(in.varint());
  if (incoming == nullptr)
    return false;
  Channel* channel = std::exchange(incoming->channel, nullptr);
  to_domains_.post(channel->to->group, {Parcel::Kind::close, channel, nullptr, nullptr});
  return true;
}

bool ParcelReader::read_turned(std::uint8_t flags, BytesReader& in) {
  Incoming* incoming = channel_of(in.varint());
  if (incoming == nullptr)
    return false;
  Trajectory path;
  if ((flags & RecordFlags::same) == 0 ? !read_trajectory(in, path) : !last_turn_)
    return refuse("is a turn that cannot be read");
  if ((flags & RecordFlags::same) != 0)
    path = *last_turn_;
  const double time = path.anchor()[0];
  if (time < std::max(earliest_, incoming->path.anchor()[0]) ||
      incoming->path.position(time) != path.anchor())
    return refuse("is a turn that does not begin where agent " +
                  std::to_string(incoming->source.value) + " can be");
  incoming->path = path;
  last_turn_ = path;
  Channel* channel = incoming->channel;
  to_domains_.post(channel->to->group, {Parcel::Kind::turned, channel, nullptr,
                                        std::make_unique<Trajectory>(incoming->path)});
  return true;
}

bool ParcelReader::read_open_hold(BytesReader& in) {
  const std::uint64_t name = in.u64();
  const AgentId target{in.u64()};
  const auto holder_node = abroad_.place.find_node(in.varint());
  const AgentId holder{in.u64()};
  const double silent_until = in.f64();
  const double reaction_time = in.f64();
  if (!in.ok() || !holder_node || !(reaction_time >= 0) || !is_within_limits(reaction_time) ||
      !is_within_limits(silent_until) || silent_until < earliest_ ||
      abroad_.holds.of_agents_here.contains(name))
    return refuse("opens a hold that cannot be");
  if (abroad_.holds.closed_early.erase(name) != 0)
    return true;
  Cell* to = abroad_.world.directory->find(target);
  const bool holder_is_here = *holder_node == abroad_.place.own_node;
  Cell* by = holder_is_here ? abroad_.world.directory->find(holder) : nullptr;
  if (to == nullptr || (holder_is_here && by == nullptr))
    return refuse("opens a hold of agent " + std::to_string(target.value) + " for agent " +
                  std::to_string(holder.value) + ", and one of them is not here");

  Channel& hold = Channel::create(abroad_.pool, *to);
  ChannelCourse& course = hold.keep_holder(holder);
  course.reaction_time = reaction_time;
  course.silent_until = silent_until;
  course.wire = name;
  hold.group = holder_is_here ? by->group : abroad_.place.group_of(*holder_node);
  abroad_.holds.of_agents_here.emplace(name, &hold);
  to_domains_.post_hold(to->group, {Parcel::Kind::open, &hold, nullptr, nullptr});
  return true;
}

bool ParcelReader::read_close_hold(BytesReader& in) {
  const std::uint64_t name = in.u64();
  if (!in.ok())
    return false;
  const auto found = abroad_.holds.of_agents_here.find(name);
  if (found == abroad_.holds.of_agents_here.end()) {
    if (abroad_.holds.closed_early.size() >= early_closings_max)
      return refuse("closes one more hold that was not opened");
    abroad_.holds.closed_early.insert(name);
    return true;
  }
  Channel* hold = found->second;
  abroad_.holds.of_agents_here.erase(found);
  to_domains_.post(hold->to->group, {Parcel::Kind::close, hold, nullptr, nullptr});
  return true;
}

const AgentOps* ParcelReader::read_class(BytesReader& in) {
  const std::uint64_t number_and_news = in.varint();
  const std::uint64_t number = number_and_news / 2;
  if (number_and_news % 2 != 0) {
    const AgentOps* ops = find_agent_type(in.u64());
    if (ops == nullptr || number != classes_.size())
      return nullptr;
    classes_.push_back(ops);
  }
  return number < classes_.size() ? classes_[number] : nullptr;
}

} // namespace stos::detail
