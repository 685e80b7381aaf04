#pragma once

#include "libstos/base/random.hpp"
#include "libstos/service/keyed/node.hpp"
#include "tests/keyed/bank_model.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// Clients of a virtual cluster that move cents between purses by transactions, and count them. In
/// the end, what they have noted down has to be strictly serializable: as if each transaction had
/// been done at one moment between its call and its answer, as each command and query. No audit may
/// find a cent too many or too few.
class BankClients {
public:
  /// Adds the class of purses. `trouble` gets what goes wrong.
  BankClients(keyed::AgentTypes& types, std::string& trouble);

  void add(std::size_t node) { clients_.push_back({node, {}, 0, 0}); }

  /// Those of this node ask for something, if they wait for nothing.
  void act(std::size_t node, keyed::Node& core, keyed::Time now, std::uint64_t& moments,
           RandomStream& random);
  void hear(std::size_t node, const keyed::Reply& reply, std::uint64_t& moments);
  void crashed(std::size_t node);

  /// What is wrong with what was noted down, or nothing.
  [[nodiscard]] std::string check() const;

  [[nodiscard]] std::uint64_t transfers() const { return transfers_; }
  [[nodiscard]] std::uint64_t audits() const { return audits_; }
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

private:
  struct Client {
    std::size_t node = 0;
    std::optional<std::uint64_t> call; ///< that it waits for
    std::size_t bank = 0;              ///< of that call
    std::size_t operation = 0;
  };

  [[nodiscard]] std::uint64_t send(const BankInput& input, keyed::Node& core, keyed::Time now,
                                   RandomStream& random);
  [[nodiscard]] BankInput any_input(RandomStream& random);
  void note(BankOperation& operation, const keyed::Answer& answer);
  void begin_another_bank();

  std::string& trouble_;
  std::vector<Client> clients_;
  std::vector<std::vector<BankOperation>> banks_{1}; // each with purses of its own
  std::set<std::uint64_t> effects_;                  // numbers of Put
  std::uint64_t puts_ = 0;
  std::int64_t cents_ = 0;
  std::uint64_t transfers_ = 0;
  std::uint64_t audits_ = 0;
  std::uint64_t refusals_ = 0;
};

} // namespace stos::test
