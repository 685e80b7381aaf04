#include "libstos/cluster/wire/parcel_writer.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/spacetime/trajectory_bytes.hpp"

#include <cstring>
#include <type_traits>

namespace stos::detail {
namespace {

std::uint8_t first_byte(RecordKind kind, std::uint8_t flags = 0) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) | flags);
}

bool same_bits(const Point& a, const Point& b) {
  static_assert(std::is_trivially_copyable_v<Point>);
  return std::memcmp(&a, &b, sizeof a) == 0;
}

bool same_bits(const Trajectory& a, const Trajectory& b) {
  constexpr std::size_t numbers = 8; // and nothing between them
  static_assert(std::is_trivially_copyable_v<Trajectory> &&
                sizeof(Trajectory) == numbers * sizeof(double));
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// The number of `id` in a table that both ends fill in the same order; the id itself follows the
// first time.
bool write_number(std::unordered_map<std::uint64_t, std::uint64_t>& numbers, std::uint64_t id,
                  std::uint64_t& number) {
  const auto [entry, is_new] = numbers.try_emplace(id, numbers.size());
  number = entry->second;
  return is_new;
}

} // namespace

ParcelWriter::~ParcelWriter() {
  for (Channel* channel : channels_)
    if (channel != nullptr)
      channel->let_go();
}

void ParcelWriter::adopt(Channel& channel) {
  AgentsElsewhere::retain(*channel.to);
  channels_.push_back(&channel);
  channel.far_course().wire = channels_.size();
}

void ParcelWriter::write(Parcel& parcel, BytesWriter& out) {
  switch (parcel.kind) {
    case Parcel::Kind::lambda: write_lambda(*parcel.lambda, out); break;
    case Parcel::Kind::open:
      if (parcel.channel->is_hold())
        write_open_hold(*parcel.channel, out);
      else
        write_open(*parcel.channel, out);
      break;
    case Parcel::Kind::close:
      if (parcel.channel->is_hold())
        write_close_hold(*parcel.channel, out);
      else
        write_close(*parcel.channel, out);
      break;
    case Parcel::Kind::turned: write_turned(*parcel.channel, *parcel.path, out); break;
  }
}

// The channels of one source are told of its turn one after the other.
void ParcelWriter::write_turned(Channel& channel, const Trajectory& path, BytesWriter& out) {
  const bool is_same = last_turn_ && same_bits(*last_turn_, path);
  out.u8(first_byte(RecordKind::turned, is_same ? RecordFlags::same : 0));
  out.varint(channel.far_course().wire);
  if (!is_same)
    write_trajectory(path, out);
  channel.far_course().source = path;
  last_turn_ = path;
}

void ParcelWriter::write_lambda(Closure& lambda, BytesWriter& out) {
  const ClosureOps& ops = *lambda.ops;
  const auto& course = static_cast<Channel*>(lambda.via)->far_course();
  STOS_ASSERT(ops.save != nullptr, std::string("a lambda that cannot travel: ") + ops.name);
  const double time = lambda.emission[0];
  std::uint64_t code = 0;
  std::uint8_t flags = 0;
  if (!same_bits(lambda.emission, course.source.position(time)))
    flags |= RecordFlags::whole_point;
  if (lambda.emission_depth != 0)
    flags |= RecordFlags::depth;
  if (lambda.references != nullptr)
    flags |= RecordFlags::references;
  if (write_number(codes_, ops.type_id, code))
    flags |= RecordFlags::new_code;

  out.u8(first_byte(RecordKind::lambda, flags));
  out.varint(course.wire);
  if ((flags & RecordFlags::whole_point) != 0)
    write_point(lambda.emission, out);
  else
    out.f64(time);
  if ((flags & RecordFlags::depth) != 0)
    out.varint(lambda.emission_depth);
  out.varint(code);
  if ((flags & RecordFlags::new_code) != 0)
    out.u64(ops.type_id);
  if ((flags & RecordFlags::references) != 0)
    write_references(lambda, out);
  ops.save(lambda, out);
  discard(lambda, &abroad_.pool);
}

// Where the reference leads to an agent of the receiver, or of a third node, its hold is closed
// from there; so this node is through with it once it has been opened there, too.
void ParcelWriter::write_references(const Closure& lambda, BytesWriter& out) {
  out.varint(lambda.references->size());
  for (const CarriedReference& carried : *lambda.references) {
    Channel& hold = *carried.hold;
    Cell& target = *hold.to;
    const bool opened = hold.far_course().wire != 0;
    out.u64(carried.ticket);
    out.u64(abroad_.name_of(hold));
    out.u64(target.id.value);
    out.varint(abroad_.place.node_of(target.group).number());
    write_class(*target.ops, out);
    if (abroad_.place.is_here(target))
      abroad_.holds.of_agents_here.emplace(hold.far_course().wire, &hold);
    else if (opened)
      abroad_.let_go_of(hold);
    else
      AgentsElsewhere::retain(target);
  }
}

void ParcelWriter::number(Channel& channel) {
  auto& course = channel.far_course();
  if (free_.empty()) {
    channels_.push_back(&channel);
    course.wire = channels_.size();
  } else {
    course.wire = std::uint64_t{free_.back()} + 1;
    channels_[free_.back()] = &channel;
    free_.pop_back();
  }
}

void ParcelWriter::take_out(Channel& channel) {
  std::uint64_t& wire = channel.far_course().wire;
  channels_[wire - 1] = nullptr;
  free_.push_back(static_cast<std::uint32_t>(wire - 1));
  wire = 0;
}

// The other end has what else there is to know of it.
void ParcelWriter::write_open_again(Channel& channel, BytesWriter& out) {
  number(channel);
  out.u8(first_byte(RecordKind::open, RecordFlags::again));
  out.varint(channel.far_course().wire);
  out.u64(channel.far_course().agent.value);
  out.varint(channel.number.value);
  out.varint(channel.next_sequence);
}

void ParcelWriter::write_open(Channel& channel, BytesWriter& out) {
  AgentsElsewhere::retain(*channel.to);
  number(channel);
  const auto& course = channel.far_course();
  out.u8(first_byte(RecordKind::open));
  out.varint(course.wire);
  out.u64(course.agent.value);
  out.varint(channel.number.value);
  out.u64(channel.to->id.value);
  out.f64(course.silent_until);
  out.f64(course.reaction_time);
  write_trajectory(course.source, out);
}

void ParcelWriter::write_close(Channel& channel, BytesWriter& out) {
  out.u8(first_byte(RecordKind::close));
  out.varint(channel.far_course().wire);
  take_out(channel);
  abroad_.let_go_of(channel);
}

void ParcelWriter::write_open_hold(Channel& hold, BytesWriter& out) {
  auto& course = hold.far_course();
  const bool lambda_written = course.wire != 0;
  out.u8(first_byte(RecordKind::open_hold));
  out.u64(abroad_.name_of(hold));
  out.u64(hold.to->id.value);
  out.varint(abroad_.place.node_of(hold.group).number());
  out.u64(course.agent.value);
  out.f64(course.silent_until);
  out.f64(course.reaction_time);
  if (abroad_.place.is_here(hold.group)) {
    AgentsElsewhere::retain(*hold.to);
    abroad_.holds.closed_from_here.emplace(course.wire, &hold);
  } else if (lambda_written) {
    abroad_.let_go_of(hold);
  } else {
    AgentsElsewhere::retain(*hold.to);
  }
}

void ParcelWriter::write_close_hold(Channel& hold, BytesWriter& out) {
  const std::uint64_t name = hold.far_course().wire;
  out.u8(first_byte(RecordKind::close_hold));
  out.u64(name);
  abroad_.holds.closed_from_here.erase(name);
  abroad_.let_go_of(hold);
}

void ParcelWriter::write_class(const AgentOps& ops, BytesWriter& out) {
  std::uint64_t number = 0;
  const bool is_new = write_number(classes_, ops.type_id, number);
  out.varint(2 * number + (is_new ? 1 : 0));
  if (is_new)
    out.u64(ops.type_id);
}

} // namespace stos::detail
