#pragma once

#include "store/descriptor.hpp"

#include <sys/types.h>

namespace stos::program {

/// A process that waits for the end of this one, however that comes (also by SIGKILL), and then
/// kills the process groups that are on its list: what a node has started is not known to the
/// kernel as ours.
///
/// It reads the list from a pipe whose other end this process has; when that is closed, this
/// process has ended.
///
/// Threads: made by the main thread of a process without others.
class Guardian {
public:
  /// Without memory or processes to spare there is none, and no error.
  Guardian();
  ~Guardian(); ///< waits until it has ended
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  /// Puts `group` onto the list, or takes it off. A process that has been forked may call it, too.
  void add(pid_t group) const { tell(group, true); }
  void remove(pid_t group) const { tell(group, false); }

private:
  void tell(pid_t group, bool is_there) const;

  detail::Descriptor list_;
  pid_t process_ = -1;
};

} // namespace stos::program
