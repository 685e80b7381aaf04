#pragma once

#include "store/descriptor.hpp"

namespace stos::program {

/// Signals as something to poll: all that would end this process, but for those that cannot be
/// caught or that say that it is broken itself. Blocks them for good.
///
/// Threads: made by the main thread of a process without others.
class SignalDescriptor {
public:
  SignalDescriptor();

  int descriptor() const { return descriptor_.get(); }

  /// The next signal, or 0.
  int take() const;

private:
  detail::Descriptor descriptor_;
};

} // namespace stos::program
