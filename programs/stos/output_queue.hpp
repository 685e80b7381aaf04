#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stos::program {

/// What still has to be written to a descriptor whose reader may be slow, or gone.
/// Never blocks as long as write_some() is called only when poll(2) says POLLOUT.
///
/// Limits:  is_full() from `bytes_max` on; the caller then stops to add. Nothing is dropped while
///          it can be written; once it cannot (no reader, or the disk is full), everything is.
/// Owns:    the bytes, not the descriptor.
class OutputQueue {
public:
  static constexpr std::size_t bytes_max = 1024 * 1024;

  explicit OutputQueue(int descriptor) : descriptor_(descriptor) {}

  void add(std::string_view bytes);
  void write_some();
  void drop(); ///< forgets what is not written yet

  int descriptor() const { return descriptor_; }
  bool is_empty() const { return bytes_.size() == begin_; }
  bool is_full() const { return bytes_.size() - begin_ >= bytes_max; }
  bool is_broken() const { return problem_ != 0; } ///< nothing can be written any more
  int problem() const { return problem_; }         ///< why not: an errno

private:
  int descriptor_;
  std::string bytes_;
  std::size_t begin_ = 0; ///< what lies before is written
  int problem_ = 0;
};

} // namespace stos::program
