#include "libstos/cluster/world_fingerprint.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/base/prefetch.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace stos::detail {
namespace {

// A running hash of words, in their order.
class WordHash {
public:
  WordHash() = default;
  explicit WordHash(std::uint64_t before) : state_(before) {}

  void add(std::uint64_t word) { state_ = mix64((state_ + 0x9e3779b97f4a7c15u) ^ word); }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(const Point& p) {
    for (std::size_t i = 0; i < 4; ++i)
      add(p[i]);
  }

  [[nodiscard]] std::uint64_t value() const { return state_; }
  [[nodiscard]] std::uint32_t half() const { return static_cast<std::uint32_t>(state_ >> 32); }

private:
  std::uint64_t state_ = 0;
};

std::string text_of(double value) {
  if (std::isinf(value))
    return value > 0 ? "none" : "-inf";
  std::array<char, 32> text{}; // the shortest one that is this value again
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string text_of(const Space& space) {
  if (!space.periodic())
    return "endless";
  return "with periods " + text_of(space.period(0)) + ", " + text_of(space.period(1)) + ", " +
         text_of(space.period(2));
}

// Agents of the set-up are numbered from 1 in the order of their creation.
std::size_t index_of(AgentId id) { return static_cast<std::size_t>(id.value - 1); }

std::size_t buckets_of(std::uint64_t agents) {
  constexpr std::uint64_t each = WorldFingerprint::bucket_agents;
  return static_cast<std::size_t>(agents / each + (agents % each != 0 ? 1 : 0));
}

// `data` is room for what a lambda captures, and its arguments.
void add_lambda(const Closure& lambda, WordHash& hash, std::vector<std::byte>& data) {
  hash.add(std::uint64_t{static_cast<std::uint8_t>(lambda.kind)});
  hash.add(lambda.to->id.value);
  hash.add(std::uint64_t{lambda.channel.value} << 32 | lambda.emission_depth);
  hash.add(lambda.sequence);
  hash.add(lambda.emission);
  hash.add(lambda.due);
  hash.add(lambda.ops->type_id);
  if (lambda.references != nullptr)
    for (const CarriedReference& carried : *lambda.references) {
      hash.add(carried.ticket);
      hash.add(carried.hold->to->id.value);
    }
  if (lambda.ops->save == nullptr)
    return;
  data.clear();
  BytesWriter out(data);
  lambda.ops->save(lambda, out);
  const auto bytes = out.bytes();
  if (out.ok())
    hash.add(hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

} // namespace

WorldFingerprint::WorldFingerprint(const World& world) : agents_(world.setup.effects.born.size()) {
  add_keys(world);
  add_agents(world.setup.effects);
  add_channels(world.setup.effects);
  add_lambdas(world.setup.effects);
  sum_up();
}

void WorldFingerprint::add_keys(const World& world) {
  const RunOptions& options = world.options;
  keys_.push_back({"seed", std::to_string(options.seed)});
  keys_.push_back({"end_time", text_of(world.end_time.load())});
  keys_.push_back({"limits.mailbox_lambdas_max", std::to_string(options.mailbox_lambdas_max)});
  keys_.push_back({"limits.instant_depth_max", std::to_string(options.instant_depth_max)});
  keys_.push_back({"space", text_of(world.space)});
  keys_.push_back({"boundary", world.own_boundary
                                   ? demangle(world.own_boundary.target_type().name())
                                   : "at one laboratory time"});
}

void WorldFingerprint::add_agents(const Effects& initial) {
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const Cell& cell = *initial.born[i];
    AgentPrint& print = agents_[i];
    print.ops = cell.ops;
    WordHash here;
    here.add(cell.id.value);
    here.add(std::uint64_t{static_cast<std::uint8_t>(cell.state)});
    print.hashes[presence] = here.half();
    WordHash place;
    place.add(cell.path.anchor());
    place.add(cell.path.local_time(cell.path.anchor()[0]));
    print.hashes[position] = place.half();
    WordHash motion;
    for (std::size_t axis = 0; axis < 3; ++axis)
      motion.add(cell.path.velocity()[axis]);
    print.hashes[velocity] = motion.half();
    RandomStream stream = cell.random;
    print.hashes[random] = static_cast<std::uint32_t>(stream());
  }
}

// Goes through them in the order of memory; the agents that they lead to are anywhere.
void WorldFingerprint::add_channels(const Effects& initial) {
  const std::vector<Channel*>& opened = initial.opened;
  constexpr std::size_t ahead = 16;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    if (i + 2 * ahead < opened.size())
      prefetch(opened[i + 2 * ahead], 1);
    if (i + ahead < opened.size())
      prefetch(&opened[i + ahead]->to->id, 1);
    const Channel& channel = *opened[i];
    std::uint32_t& print = agents_[index_of(channel.from().id)].hashes[channels];
    WordHash hash(print);
    hash.add(std::uint64_t{channel.number.value} << 1 | channel.closed);
    hash.add(channel.to->id.value);
    print = hash.half();
  }
}

void WorldFingerprint::add_lambdas(const Effects& initial) {
  std::vector<std::byte> data;
  for (const auto* lambda = initial.first_lambda; lambda != nullptr;
       lambda = static_cast<const Closure*>(lambda->next)) {
    std::uint32_t& print = agents_[index_of(lambda->source)].hashes[lambdas];
    WordHash hash(print);
    add_lambda(*lambda, hash, data);
    print = hash.half();
  }
}

void WorldFingerprint::sum_up() {
  WordHash total;
  for (const Key& key : keys_) {
    total.add(hash_text(key.name));
    total.add(hash_text(key.value));
  }
  total.add(std::uint64_t{agents_.size()});
  for (std::size_t bucket = 0; bucket < buckets_of(agents_.size()); ++bucket) {
    WordHash hash;
    for (const AgentPrint& agent : agents_of(bucket)) {
      hash.add(agent.ops->type_id);
      for (std::size_t i = 0; i < parts; i += 2)
        hash.add(std::uint64_t{agent.hashes[i]} << 32 | agent.hashes[i + 1]);
    }
    buckets_.push_back(hash.value());
    total.add(hash.value());
  }
  total_ = total.value();
}

std::span<const WorldFingerprint::AgentPrint>
WorldFingerprint::agents_of(std::size_t bucket) const {
  const std::size_t begin = std::min(bucket * bucket_agents, agents_.size());
  return std::span(agents_).subspan(begin, std::min(bucket_agents, agents_.size() - begin));
}

// ---- the comparison
// -------------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, WorldFingerprint::parts> part_names = {
    "presence", "position", "velocity", "random stream", "channels", "lambdas"};

// An agent of the other node.
struct OtherAgent {
  std::size_t class_number;
  std::array<std::uint32_t, WorldFingerprint::parts> hashes;
};

std::string agent_text(std::uint64_t index, std::string_view class_name) {
  return "agent " + std::to_string(AgentId::initial(index).value) + " (" + std::string(class_name) +
         ")";
}

std::string parts_that_differ(const WorldFingerprint::AgentPrint& own, const OtherAgent& other) {
  std::string text;
  for (std::size_t i = 0; i < WorldFingerprint::parts; ++i)
    if (own.hashes[i] != other.hashes[i])
      text.append(text.empty() ? "" : ", ").append(part_names[i]);
  return text;
}

} // namespace

Error WorldComparison::differs(const std::string& what) const {
  return {Errc::bad_config, "this node and " + other_ + " have not made the same set-up: " + what};
}

Error WorldComparison::nonsense(const std::string& what) const {
  return {Errc::bad_message, other_ + " describes its initial world by a message that " + what};
}

std::vector<std::byte> WorldComparison::message() const {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(stage_));
  switch (stage_) {
    case Stage::keys:
      out.u64(own_.total());
      out.varint(own_.agents());
      out.varint(own_.keys().size());
      for (const auto& [name, value] : own_.keys()) {
        out.text(name);
        out.text(value);
      }
      break;
    case Stage::buckets:
      for (const std::uint64_t bucket : own_.buckets())
        out.u64(bucket);
      break;
    case Stage::agents: write_agents(out); break;
  }
  return out.take();
}

// The names of their classes first, each once.
void WorldComparison::write_agents(BytesWriter& out) const {
  std::vector<const AgentOps*> classes;
  std::vector<std::size_t> numbers;
  for (const auto& agent : own_.agents_of(bucket_)) {
    const auto found = std::find(classes.begin(), classes.end(), agent.ops);
    numbers.push_back(static_cast<std::size_t>(found - classes.begin()));
    if (found == classes.end())
      classes.push_back(agent.ops);
  }
  out.varint(classes.size());
  for (const AgentOps* ops : classes)
    out.text(ops->type_name);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    out.varint(numbers[i]);
    for (const std::uint32_t hash : own_.agents_of(bucket_)[i].hashes)
      out.u32(hash);
  }
}

Result<WorldComparison::Outcome> WorldComparison::take(std::span<const std::byte> message) {
  BytesReader in(message);
  const std::uint8_t stage = in.u8();
  if (!in.ok() || stage != static_cast<std::uint8_t>(stage_))
    return nonsense("does not belong here");
  switch (stage_) {
    case Stage::keys: return take_keys(in);
    case Stage::buckets: return take_buckets(in);
    case Stage::agents: break;
  }
  return take_agents(in);
}

Result<WorldComparison::Outcome> WorldComparison::take_keys(BytesReader& in) {
  const std::uint64_t total = in.u64();
  other_agents_ = in.varint();
  std::vector<WorldFingerprint::Key> others;
  for (std::size_t left = in.count(2); left > 0; --left) {
    std::string name = in.text();
    others.push_back({std::move(name), in.text()});
  }
  if (!in.at_end())
    return nonsense("cannot be read");
  if (total == own_.total())
    return Outcome::equal;

  const auto keys = own_.keys();
  for (std::size_t i = 0; i < std::max(keys.size(), others.size()); ++i) {
    if (i == keys.size() || i == others.size() || keys[i].name != others[i].name)
      return differs("the key " + (i < keys.size() ? keys[i].name : others[i].name) +
                     " is known to one of them only");
    if (keys[i].value != others[i].value)
      return differs(keys[i].name + " is " + keys[i].value + " here, " + others[i].value + " on " +
                     other_);
  }
  stage_ = Stage::buckets;
  return Outcome::more;
}

Result<WorldComparison::Outcome> WorldComparison::take_buckets(BytesReader& in) {
  if (in.remaining() / sizeof(std::uint64_t) != buckets_of(other_agents_) ||
      in.remaining() % sizeof(std::uint64_t) != 0)
    return nonsense("is not about " + std::to_string(other_agents_) + " agents");
  const auto own = own_.buckets();
  while (bucket_ < own.size() && in.remaining() > 0 && in.u64() == own[bucket_])
    ++bucket_;
  stage_ = Stage::agents;
  return Outcome::more;
}

Result<WorldComparison::Outcome> WorldComparison::take_agents(BytesReader& in) {
  std::vector<std::string_view> classes;
  for (std::size_t left = in.count(1); left > 0; --left)
    classes.push_back(in.text_view());
  const std::uint64_t begin = std::uint64_t{bucket_} * WorldFingerprint::bucket_agents;
  const std::uint64_t wanted = std::min<std::uint64_t>(
      WorldFingerprint::bucket_agents, other_agents_ - std::min(begin, other_agents_));
  const auto own = own_.agents_of(bucket_);
  std::vector<OtherAgent> others;
  for (std::uint64_t i = 0; i < wanted && in.ok(); ++i) {
    others.push_back({static_cast<std::size_t>(in.varint()), {}});
    for (std::uint32_t& hash : others.back().hashes)
      hash = in.u32();
    if (others.back().class_number >= classes.size())
      in.fail();
  }
  if (!in.at_end())
    return nonsense("cannot be read");

  for (std::size_t i = 0; i < std::min(own.size(), others.size()); ++i) {
    const std::string_view here = own[i].ops->type_name;
    const std::string_view there = classes[others[i].class_number];
    if (here != there)
      return differs(agent_text(begin + i, here) + " is a " + std::string(there) + " on " + other_);
    const std::string parts = parts_that_differ(own[i], others[i]);
    if (!parts.empty())
      return differs(agent_text(begin + i, here) + " has another state on " + other_ + ": its " +
                     parts);
  }
  if (own.size() == others.size())
    return nonsense("contradicts an earlier one");
  const bool more_here = own.size() > others.size();
  const std::size_t first = std::min(own.size(), others.size());
  const std::string_view class_name =
      more_here ? own[first].ops->type_name : classes[others[first].class_number];
  return differs(agent_text(begin + first, class_name) + " is only on " +
                 (more_here ? "this node" : other_) + ": " + std::to_string(own_.agents()) +
                 " agents here, " + std::to_string(other_agents_) + " there");
}

} // namespace stos::detail
