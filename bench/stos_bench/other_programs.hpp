#pragma once

namespace stos::bench {

/// How much of the processors' time others take: programs, the kernel, other virtual machines.
/// Own are this process and its children that have ended.
///
/// The kernel counts in hundredths of a second: meaningful over a second or more. 0 without /proc.
class OtherPrograms {
public:
  OtherPrograms();

  /// Since creation, as a share of all processors.
  [[nodiscard]] double share() const;

private:
  double busy_s_;
  double all_s_;
  double own_s_;
};

} // namespace stos::bench
