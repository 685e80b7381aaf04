#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "libstos/world/world.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// The hash of an initial world, fine enough to say what differs from that of another node.
///
/// All nodes run the same program and have to make the same set-up, since each keeps only its share
/// of it. What they have made is compared as *keys* (what holds for the whole world: seed, end,
/// limits that make a run fail, whether there is a trace, the shape of space, the kind of boundary)
/// and agent by agent: class, position, velocity, random stream, channels, and the lambdas that it
/// has emitted with the data that they capture and their arguments. Lambdas that cannot travel are
/// compared without their data, which may be an address. Where agents go is compared last, as it
/// follows from all that.
///
/// What agents have in their own data members cannot be seen, and is not compared.
///
/// Cost:    0.25 s for a million agents with six channels and a timer each; 32 bytes an agent.
/// Threads: none inside; it does not need the world any more once it is made.
class WorldFingerprint {
public:
  /// What holds for the whole world, for people to read.
  struct Key {
    std::string name;
    std::string value;
  };

  /// Agents are compared in runs of so many.
  static constexpr std::size_t bucket_agents = 1024;

  /// @pre `world` was set up, with its boundary, and still has all that the set-up has made
  explicit WorldFingerprint(const World& world, const Placement& placement = {});

  /// One key more, and where agents go, if that was not known before.
  void add(Key key) { keys_.push_back(std::move(key)); }
  void place(const Placement& placement);

  /// One number for all agents.
  [[nodiscard]] std::uint64_t set_up() const { return set_up_; }

  /// One number for everything but the placement and what was added.
  [[nodiscard]] std::uint64_t total() const { return total_; }

  /// The hash of which node gets which agent.
  [[nodiscard]] std::uint64_t placement() const { return placement_; }

  [[nodiscard]] std::span<const Key> keys() const { return keys_; }
  [[nodiscard]] std::size_t agents() const { return agents_.size(); }

  /// The hash of each run of agents, in the order of their creation.
  [[nodiscard]] std::span<const std::uint64_t> buckets() const { return buckets_; }

  /// What is compared of an agent beside its class.
  enum Part : std::uint8_t { presence, position, velocity, random, channels, lambdas };
  static constexpr std::size_t parts = 6;

  struct AgentPrint {
    const AgentOps* ops = nullptr;
    std::array<std::uint32_t, parts> hashes{};
  };

  /// The agents of one run: none beyond the last one.
  [[nodiscard]] std::span<const AgentPrint> agents_of(std::size_t bucket) const;

private:
  void add_keys(const World& world);
  void add_agents(const Effects& initial);
  void add_channels(const Effects& initial);
  void add_lambdas(const Effects& initial);
  void sum_up();

  std::vector<Key> keys_;
  std::vector<AgentPrint> agents_; // by the order of their creation, which is that of their ids
  std::vector<std::uint64_t> buckets_;
  std::uint64_t set_up_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t placement_ = 0;
};

/// Compares the initial worlds of all nodes. Each of them does the same.
///
/// All send message() to all, and take() what all have sent, until that says `equal` or fails. If
/// the worlds are equal, that is one message each; else the second one has the hashes of the
/// buckets, the third one the agents of the first bucket in which any node differs from the first
/// node. As all have seen the same, all know what the next message has to be, no node has to ask,
/// and all end with the same text.
///
/// Errors:  worlds that differ: bad_config, with the name of the first key or agent that does, the
///          first node, the next one where it is another, and what it is on both. What no node
///          sends: bad_message. The bytes may be hostile.
/// Threads: none inside. Borrows the fingerprint.
class WorldComparison {
public:
  using Message = std::span<const std::byte>;

  /// `nodes` are the names of all, in the order of their messages; the own one is among them.
  WorldComparison(const WorldFingerprint& own, std::vector<std::string> nodes)
      : own_(own), nodes_(std::move(nodes)) {}

  /// What all nodes have to be told now.
  [[nodiscard]] std::vector<std::byte> message() const;

  enum class Outcome : std::uint8_t {
    equal,
    more, ///< send message(), and take the next ones
  };

  /// What all nodes have told, the own message in its place. Not to be called after it has failed
  /// or returned `equal`.
  [[nodiscard]] Result<Outcome> take(std::span<const Message> messages);

private:
  enum class Stage : std::uint8_t { keys, buckets, agents };
  struct Summary;
  struct OtherAgents;

  [[nodiscard]] Result<Outcome> take_keys(std::vector<BytesReader>& in);
  [[nodiscard]] Result<Outcome> take_buckets(std::vector<BytesReader>& in);
  [[nodiscard]] Result<Outcome> take_agents(std::vector<BytesReader>& in);
  void write_agents(BytesWriter& out) const;
  [[nodiscard]] std::uint64_t agents_before() const;
  [[nodiscard]] OtherAgents read_agents(std::uint64_t agents, BytesReader& in) const;

  [[nodiscard]] std::optional<Error> different_value(const std::vector<Summary>& all,
                                                     const std::string& name) const;
  [[nodiscard]] std::optional<Error> different_agent(const std::vector<OtherAgents>& all,
                                                     std::size_t index) const;
  [[nodiscard]] Error nonsense(std::size_t node, const std::string& what) const;

  const WorldFingerprint& own_;
  const std::vector<std::string> nodes_;
  Stage stage_ = Stage::keys;
  std::vector<std::uint64_t> agents_; // of each node
  std::size_t bucket_ = 0;            // the first one that differs
};

} // namespace stos::detail
