#pragma once

#include <unistd.h>

#include <utility>

namespace stos::detail {

/// Owns a file descriptor, of whatever kind, and closes it. -1 is none.
class Descriptor {
public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  [[nodiscard]] int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

  void reset() {
    if (number_ >= 0)
      close(number_);
    number_ = -1;
  }

private:
  int number_;
};

} // namespace stos::detail
