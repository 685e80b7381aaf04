#include "libstos/cluster/membership/world_fingerprint.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/prefetch.hpp"
#include "libstos/world/each_lambda.hpp"
#include "libstos/world/record_format.hpp"

#include <algorithm>
#include <bit>
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
  return exact_text(value);
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

// A lambda may also keep agents for references that its receiver has: those are found in memory
// that may hold anything, and are no part of the state.
bool brings(std::span<const std::byte> bytes, std::uint64_t ticket) {
  const auto wanted = std::bit_cast<std::array<std::byte, sizeof ticket>>(ticket);
  return std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end();
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
  if (lambda.ops->save == nullptr)
    return;
  data.clear();
  BytesWriter out(data);
  lambda.ops->save(lambda, out);
  if (!out.ok())
    return;
  const auto bytes = out.bytes();
  hash.add(hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  if (lambda.references != nullptr)
    for (const CarriedReference& carried : *lambda.references)
      if (brings(bytes, carried.ticket))
        hash.add(carried.hold->to->id.value);
}

} // namespace

WorldFingerprint::WorldFingerprint(const World& world, const Placement& placement)
    : agents_(world.setup.effects.changes().born.size()) {
  add_keys(world);
  add_agents(world.setup.effects);
  add_channels(world.setup.effects);
  add_lambdas(world.setup.effects);
  sum_up();
  place(placement);
}

void WorldFingerprint::place(const Placement& placement) {
  WordHash where;
  for (const NodeIndex node : placement)
    where.add(std::uint64_t{node.number()});
  placement_ = where.value();
}

void WorldFingerprint::add_keys(const World& world) {
  const RunOptions& options = world.options;
  keys_.push_back({"simulation.seed", std::to_string(options.seed)});
  keys_.push_back({"simulation.end_time", text_of(world.first_end_time())});
  keys_.push_back({"limits.mailbox_lambdas_max", std::to_string(options.mailbox_lambdas_max)});
  keys_.push_back({"limits.instant_depth_max", std::to_string(options.instant_depth_max)});
  keys_.push_back({"limits.trace_events_max", std::to_string(options.trace_events_max)});
  keys_.push_back({"limits.reports_max", std::to_string(options.reports_max)});
  keys_.push_back({"output.trace_path", options.trace_path.empty() ? "none" : "given"});
  keys_.push_back({"output.records_path", told_of_records(options)});
  keys_.push_back({"output.values", options.values ? "true" : "false"});
  keys_.push_back({"observers", world.observers.to_string()});
  keys_.push_back({"space", text_of(world.space)});
  keys_.push_back({"boundary", world.own_boundary
                                   ? demangle(world.own_boundary.target_type().name())
                                   : "at one laboratory time"});
}

void WorldFingerprint::add_agents(const Effects& initial) {
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const Cell& cell = *initial.changes().born[i];
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
  const std::vector<Channel*>& opened = initial.changes().opened;
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
  for_each_lambda(initial, [&](const Closure& lambda) {
    std::uint32_t& print = agents_[index_of(lambda.source)].hashes[lambdas];
    WordHash hash(print);
    add_lambda(lambda, hash, data);
    print = hash.half();
  });
}

void WorldFingerprint::sum_up() {
  WordHash total;
  WordHash set_up;
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
    set_up.add(hash.value());
    total.add(hash.value());
  }
  set_up_ = set_up.value();
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

// An agent as a node describes it.
struct OtherAgent {
  std::string_view class_name;
  std::array<std::uint32_t, WorldFingerprint::parts> hashes;

  friend bool operator==(const OtherAgent&, const OtherAgent&) = default;
};

std::string parts_that_differ(const OtherAgent& a, const OtherAgent& b) {
  std::string text;
  for (std::size_t i = 0; i < WorldFingerprint::parts; ++i)
    if (a.hashes[i] != b.hashes[i])
      text.append(text.empty() ? "" : ", ").append(part_names[i]);
  return text;
}

Error differs(const std::string& what) {
  return {Errc::bad_config, "the nodes do not agree: " + what};
}

} // namespace

/// What a node says of its whole world.
struct WorldComparison::Summary {
  std::uint64_t total;
  std::uint64_t placement;
  std::uint64_t agents;
  std::vector<WorldFingerprint::Key> keys;

  [[nodiscard]] const std::string* value_of(const std::string& name) const {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&name](const auto& known) { return known.name == name; });
    return key == keys.end() ? nullptr : &key->value;
  }
};

/// The agents of one bucket of a node.
struct WorldComparison::OtherAgents {
  std::vector<OtherAgent> agents;
};

Error WorldComparison::nonsense(std::size_t node, const std::string& what) const {
  return {Errc::bad_message,
          "node " + nodes_[node] + " describes its initial world by a message that " + what};
}

std::vector<std::byte> WorldComparison::message() const {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(stage_));
  switch (stage_) {
    case Stage::keys:
      out.u64(own_.total());
      out.u64(own_.placement());
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

Result<WorldComparison::Outcome> WorldComparison::take(std::span<const Message> messages) {
  STOS_ASSERT(messages.size() == nodes_.size(), "messages of some nodes only are compared");
  std::vector<BytesReader> in(messages.begin(), messages.end());
  for (std::size_t node = 0; node < in.size(); ++node) {
    const std::uint8_t stage = in[node].u8();
    if (!in[node].ok() || stage != static_cast<std::uint8_t>(stage_))
      return nonsense(node, "does not belong here");
  }
  switch (stage_) {
    case Stage::keys: return take_keys(in);
    case Stage::buckets: return take_buckets(in);
    case Stage::agents: break;
  }
  return take_agents(in);
}

Result<WorldComparison::Outcome> WorldComparison::take_keys(std::vector<BytesReader>& in) {
  std::vector<Summary> all;
  for (std::size_t node = 0; node < in.size(); ++node) {
    Summary summary{in[node].u64(), in[node].u64(), in[node].varint(), {}};
    for (std::size_t left = in[node].count(2); left > 0; --left) {
      std::string name = in[node].text();
      summary.keys.push_back({std::move(name), in[node].text()});
    }
    if (!in[node].at_end())
      return nonsense(node, "cannot be read");
    for (const auto& [name, value] : own_.keys())
      if (summary.keys.size() != own_.keys().size() || summary.value_of(name) == nullptr)
        return nonsense(node, "is not about the same keys: wanted " + name);
    all.push_back(std::move(summary));
  }
  for (const auto& [name, value] : own_.keys())
    if (auto difference = different_value(all, name))
      return *std::move(difference);

  const auto is_other_world = [&all](const Summary& x) {
    return x.total != all[0].total || x.agents != all[0].agents;
  };
  if (std::none_of(all.begin(), all.end(), is_other_world)) {
    for (std::size_t node = 1; node < all.size(); ++node)
      if (all[node].placement != all[0].placement)
        return differs("node " + nodes_[0] + " and node " + nodes_[node] +
                       " place agents of the same world in different ways (cluster.placement, or "
                       "the program's own function)");
    return Outcome::equal;
  }
  for (const Summary& summary : all)
    agents_.push_back(summary.agents);
  stage_ = Stage::buckets;
  return Outcome::more;
}

std::optional<Error> WorldComparison::different_value(const std::vector<Summary>& all,
                                                      const std::string& name) const {
  const std::string& first = *all[0].value_of(name);
  for (std::size_t node = 1; node < all.size(); ++node)
    if (const std::string& value = *all[node].value_of(name); value != first)
      return differs(name + " is " + first + " on node " + nodes_[0] + " and " + value +
                     " on node " + nodes_[node]);
  return std::nullopt;
}

Result<WorldComparison::Outcome> WorldComparison::take_buckets(std::vector<BytesReader>& in) {
  for (std::size_t node = 0; node < in.size(); ++node)
    if (in[node].remaining() / sizeof(std::uint64_t) != buckets_of(agents_[node]) ||
        in[node].remaining() % sizeof(std::uint64_t) != 0)
      return nonsense(node, "is not about " + std::to_string(agents_[node]) + " agents");
  const auto is_the_same = [&in] {
    const std::uint64_t first = in[0].u64(); // fails at the end, as do the others
    bool same = in[0].ok();
    for (std::size_t node = 1; node < in.size(); ++node)
      same = in[node].u64() == first && in[node].ok() && same;
    return same;
  };
  while (is_the_same())
    ++bucket_;
  stage_ = Stage::agents;
  return Outcome::more;
}

std::uint64_t WorldComparison::agents_before() const {
  return std::uint64_t{bucket_} * WorldFingerprint::bucket_agents;
}

// @pre `agents` are all that the node has
WorldComparison::OtherAgents WorldComparison::read_agents(std::uint64_t agents,
                                                          BytesReader& in) const {
  std::vector<std::string_view> classes;
  for (std::size_t left = in.count(1); left > 0; --left)
    classes.push_back(in.text_view());
  const std::uint64_t wanted = std::min<std::uint64_t>(WorldFingerprint::bucket_agents,
                                                       agents - std::min(agents_before(), agents));
  OtherAgents all;
  for (std::uint64_t i = 0; i < wanted && in.ok(); ++i) {
    const std::uint64_t class_number = in.varint();
    OtherAgent& agent = all.agents.emplace_back();
    if (class_number < classes.size())
      agent.class_name = classes[class_number];
    else
      in.fail();
    for (std::uint32_t& hash : agent.hashes)
      hash = in.u32();
  }
  return all;
}

Result<WorldComparison::Outcome> WorldComparison::take_agents(std::vector<BytesReader>& in) {
  std::vector<OtherAgents> all;
  for (std::size_t node = 0; node < in.size(); ++node) {
    all.push_back(read_agents(agents_[node], in[node]));
    if (!in[node].at_end())
      return nonsense(node, "cannot be read");
  }
  for (std::size_t i = 0; i < WorldFingerprint::bucket_agents; ++i)
    if (auto difference = different_agent(all, i))
      return *std::move(difference);
  return Error{Errc::bad_message,
               "the nodes say that their initial worlds differ, and then describe the same agents"};
}

std::optional<Error> WorldComparison::different_agent(const std::vector<OtherAgents>& all,
                                                      std::size_t index) const {
  const auto agent_of = [&](std::size_t node) {
    return index < all[node].agents.size() ? &all[node].agents[index] : nullptr;
  };
  const auto text = [&](const OtherAgent& agent) {
    return "agent " + std::to_string(AgentId::initial(agents_before() + index).value) + " (" +
           std::string(agent.class_name) + ")";
  };
  const OtherAgent* const first = agent_of(0);
  const std::string first_name = "node " + nodes_[0];
  for (std::size_t node = 1; node < all.size(); ++node) {
    const OtherAgent* const other = agent_of(node);
    const std::string name = "node " + nodes_[node];
    if (first == nullptr && other == nullptr)
      continue;
    if (first == nullptr || other == nullptr)
      return differs(text(first != nullptr ? *first : *other) + " is not on " +
                     (first != nullptr ? name : first_name) + ": " + std::to_string(agents_[0]) +
                     " initial agents on " + first_name + ", " + std::to_string(agents_[node]) +
                     " on " + name);
    if (first->class_name != other->class_name)
      return differs(text(*first) + " of " + first_name + " is a " +
                     std::string(other->class_name) + " on " + name);
    if (*first != *other)
      return differs(text(*first) + " has another state on " + first_name + " than on " + name +
                     ": its " + parts_that_differ(*first, *other));
  }
  return std::nullopt;
}

} // namespace stos::detail
