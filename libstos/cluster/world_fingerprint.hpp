#pragma once

#include "libstos/agent/world.hpp"
#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

/// The hash of an initial world, fine enough to say what differs from that of another node.
///
/// All nodes run the same program and have to make the same set-up, since each keeps only its share
/// of it. What they have made is compared as *keys* (what holds for the whole world: seed, end,
/// limits that make a run fail, the shape of space, the kind of boundary) and agent by agent:
/// class, position, velocity, random stream, channels, and the lambdas that it has emitted with the
/// data that they capture and their arguments. Lambdas that cannot travel are compared without
/// their data, which may be an address.
///
/// What agents have in their own data members, nobody can see.
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
  explicit WorldFingerprint(const World& world);

  /// One number for everything.
  [[nodiscard]] std::uint64_t total() const { return total_; }

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
  std::uint64_t total_ = 0;
};

/// Compares the own world with that of one other node, who does the same.
///
/// Both send message() and take() what the other one sends, until that says `equal` or fails. If
/// the worlds are equal, that is one message each; else the second one has the hashes of the
/// buckets, the third one the agents of the first bucket that differs. As both have seen the same,
/// both know what the next message has to be, and nobody has to ask.
///
/// Errors:  worlds that differ: bad_config, with the name of the first key or agent that does and
///          what it is on both sides. What no node sends: bad_message. The other's bytes may be
///          hostile.
/// Threads: none inside. Borrows the fingerprint.
class WorldComparison {
public:
  /// `other` is what the other node is called in texts, for example "node 2".
  WorldComparison(const WorldFingerprint& own, std::string other)
      : own_(own), other_(std::move(other)) {}

  /// What the other node has to be told now.
  [[nodiscard]] std::vector<std::byte> message() const;

  enum class Outcome : std::uint8_t {
    equal,
    more, ///< send message(), and take the next one
  };

  /// What the other node has told. Not to be called after it has failed or returned `equal`.
  [[nodiscard]] Result<Outcome> take(std::span<const std::byte> message);

private:
  enum class Stage : std::uint8_t { keys, buckets, agents };

  [[nodiscard]] Result<Outcome> take_keys(BytesReader& in);
  [[nodiscard]] Result<Outcome> take_buckets(BytesReader& in);
  [[nodiscard]] Result<Outcome> take_agents(BytesReader& in);
  void write_agents(BytesWriter& out) const;

  [[nodiscard]] Error differs(const std::string& what) const;
  [[nodiscard]] Error nonsense(const std::string& what) const;

  const WorldFingerprint& own_;
  const std::string other_;
  Stage stage_ = Stage::keys;
  std::uint64_t other_agents_ = 0;
  std::size_t bucket_ = 0; // the first one that differs
};

} // namespace stos::detail
