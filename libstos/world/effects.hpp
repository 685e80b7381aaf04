#pragma once

#include "libstos/code/closure.hpp"
#include "libstos/spacetime/velocity.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

class Cell;
class Channel;

/// All that one event did, for the engine to carry out once the event is over: births first, then
/// channels and holds, then lambdas, then what ends.
class Effects {
public:
  /// What few events do: all but lambdas.
  struct Changes {
    std::vector<Cell*> born;
    std::vector<Channel*> opened;
    std::vector<Channel*> held; ///< new holds of references in transit
    std::vector<Channel*> closed;
    std::vector<Channel*> released; ///< holds of the references that the executed lambda brought
    std::optional<Velocity<4>> turn;
    bool dies = false;
  };

  Closure* first_lambda = nullptr; ///< in order of emission
  Closure* last_lambda = nullptr;
  std::uint64_t lambdas = 0;

  void add(Closure& lambda) {
    lambda.next = nullptr;
    if (last_lambda == nullptr)
      first_lambda = &lambda;
    else
      last_lambda->next = &lambda;
    last_lambda = &lambda;
    ++lambdas;
  }

  [[nodiscard]] bool has_changes() const { return has_changes_; }
  [[nodiscard]] const Changes& changes() const { return changes_; }

  /// To add something to them.
  [[nodiscard]] Changes& change() {
    has_changes_ = true;
    return changes_;
  }

  void clear() {
    first_lambda = last_lambda = nullptr;
    lambdas = 0;
    if (has_changes_)
      clear_changes();
  }

private:
  void clear_changes() {
    changes_.born.clear();
    changes_.opened.clear();
    changes_.held.clear();
    changes_.closed.clear();
    changes_.released.clear();
    changes_.turn.reset();
    changes_.dies = false;
    has_changes_ = false;
  }

  Changes changes_;
  bool has_changes_ = false;
};

} // namespace stos::detail
