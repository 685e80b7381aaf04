#pragma once

#include "libstos/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos {

/// Draws from a list with weights, in the same time however long it is.
///
/// Two numbers of the stream for each draw. It can be a member of an agent that moves, and an
/// argument of a lambda.
/// Errors: UsageError (bad_argument) if a weight is below 0 or not finite, or their sum is not
///         above 1e-300.
/// Source: the alias method of A. J. Walker (1977), tables as M. D. Vose makes them (1991).
class WeightedChoice {
public:
  WeightedChoice() = default;
  explicit WeightedChoice(std::span<const double> weights);

  [[nodiscard]] std::size_t size() const { return columns_.size(); }

  /// The index of a weight, with a probability in proportion to it. @pre size() > 0
  [[nodiscard]] std::size_t draw(RandomStream& random) const {
    const std::size_t own = random.index(columns_.size());
    return random.uniform() < columns_[own].share ? own : columns_[own].alias;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, WeightedChoice& x) {
    return f.object(x).fields(f.field("columns", x.columns_));
  }

private:
  /// Of a column's probability 1 / size(), `share` is its own, and the rest that of another one.
  struct Column {
    double share = 1;
    std::uint64_t alias = 0;

    template <class Inspector>
    friend bool inspect(Inspector& f, Column& x) {
      return f.object(x).fields(f.field("share", x.share), f.field("alias", x.alias));
    }
  };

  std::vector<Column> columns_;
};

} // namespace stos
