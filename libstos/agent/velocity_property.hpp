#pragma once

#include "libstos/world/event_context.hpp"

namespace stos {

/// The `velocity` of an agent: reads and assigns like a variable, but an assignment is an event on
/// the agent's trajectory, which turns at the point of emission of the current event.
template <int D>
class VelocityProperty {
public:
  explicit VelocityProperty(detail::Cell& cell) : cell_(cell) {}
  VelocityProperty(const VelocityProperty&) = delete;

  VelocityProperty& operator=(const Velocity<D>& velocity) {
    detail::EventContext::of(cell_).turn(cell_, embed<D>(velocity));
    return *this;
  }
  VelocityProperty& operator=(const VelocityProperty& other) {
    return *this = static_cast<Velocity<D>>(other);
  }

  operator Velocity<D>() const {
    return project<D>(detail::EventContext::of(cell_).velocity(cell_));
  }

  [[nodiscard]] double operator[](std::size_t i) const { return Velocity<D>(*this)[i]; }
  [[nodiscard]] double gamma() const { return Velocity<D>(*this).gamma(); }
  [[nodiscard]] double speed() const { return Velocity<D>(*this).speed(); }

  friend std::ostream& operator<<(std::ostream& out, const VelocityProperty& velocity) {
    return out << Velocity<D>(velocity);
  }

private:
  detail::Cell& cell_;
};

} // namespace stos
