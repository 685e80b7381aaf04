#pragma once

#include "libstos/world/cell.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace stos::detail {

/// "agent 7 (Queue), 0.001 s of light from agent 12": how far `to` is at laboratory time `time`
/// from the source of one of its channels.
[[nodiscard]] std::string describe_distance(const Cell& to, const Channel& channel, AgentId source,
                                            double time);

/// How often a domain has waited for another one, and whose event that was that could not be
/// executed yet: most often the same few, which a modeller can do something about.
///
/// Threads: none inside; the domain owns it.
/// Cost:    counts most waits and does no more; at one in 16, it looks at some of the agent's
///          channels if it is none of those that have waited often.
/// Source:  Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in
///          data streams" (2005): a newcomer takes over the count of the one that it replaces.
class Waits {
public:
  explicit Waits(DomainIndex domain) : domain_(domain) {}

  /// `cell` would have an event at laboratory time `time`, and may not execute it yet.
  void count(const Cell& cell, double time);

  [[nodiscard]] std::uint64_t number() const { return number_; }

  struct MostFrequent {
    std::string text; ///< see describe_distance(); the nearest source in another domain
    double part = 0;  ///< of all waits, about
  };
  /// Nothing if there was no wait.
  [[nodiscard]] MostFrequent most_frequent() const;

private:
  struct Candidate {
    AgentId agent;
    std::uint64_t times = 0;
    std::string text;
  };

  [[nodiscard]] std::string describe(const Cell& cell, double time) const;

  const DomainIndex domain_;
  std::uint64_t number_ = 0;
  std::uint64_t looked_at_ = 0;
  std::array<Candidate, 8> candidates_;
};

} // namespace stos::detail
