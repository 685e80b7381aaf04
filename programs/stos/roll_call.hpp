#pragma once

#include "store/descriptor.hpp"

#include <string>

namespace stos::program {

/// Where nodes of this machine say that they have begun to be nodes: a socket whose name they find
/// in the variable STOS_LAUNCHER. What is said there decides about texts for people and nothing
/// else.
class RollCall {
public:
  RollCall(); ///< without a socket to spare, no process is ever heard

  /// For STOS_LAUNCHER, ahead of a slash and what the process is to say; empty if none can be
  /// heard.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int descriptor() const { return socket_.get(); }

  /// The name of the next node that has called, or "". Never blocks.
  [[nodiscard]] std::string take() const;

private:
  detail::Descriptor socket_;
  std::string name_;
};

} // namespace stos::program
