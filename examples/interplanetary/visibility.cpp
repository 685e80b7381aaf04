#include "visibility.hpp"

#include "libstos/base/portable_math.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace interplanetary {
namespace {

constexpr double forever_s = std::numeric_limits<double>::infinity();

/// Collects conditions "margin >= 0" and says for how long their conjunction cannot change: an open
/// link may close with the first margin that runs out; a closed one stays closed as long as the
/// slowest of the missed margins.
class Conditions {
public:
  void require(double margin_ls, double rate_bound) {
    const double holds_s = std::abs(margin_ls) / rate_bound;
    if (margin_ls < 0.0)
      missed_for_s_ = std::max(missed_for_s_, holds_s);
    else
      met_for_s_ = std::min(met_for_s_, holds_s);
  }

  LinkState state() const {
    if (missed_for_s_ >= 0.0)
      return {false, missed_for_s_};
    return {true, met_for_s_};
  }

private:
  double met_for_s_ = forever_s;
  double missed_for_s_ = -1.0;
};

/// One end of a link, at the moment the ray leaves or reaches it.
struct End {
  MobileId id;
  double t_s;
  Vector3 at_ls;
};

/// The receiver of what `sender` emits, when the light gets there, to a microsecond: far better
/// than contact_resolution_s, and half the work of light_arrival(). Between the emission and the
/// arrival the receiver is taken to move evenly.
End receiver_of(const SolarSystem& system, const End& sender, MobileId to) {
  const auto at_emission = position_ls(system, to, sender.t_s);
  const double first_guess_s = length(at_emission - sender.at_ls);
  const auto later = position_ls(system, to, sender.t_s + first_guess_s);
  const double range = length(later - sender.at_ls);
  const auto velocity = (1.0 / first_guess_s) * (later - at_emission);
  const double receding = dot(velocity, later - sender.at_ls) / range;
  const double correction_s = (range - first_guess_s) / (1.0 - receding);
  return {to, sender.t_s + first_guess_s + correction_s, later + correction_s * velocity};
}

/// The far end must stand above a site's mask: up . ray >= sin(mask) |ray|. The site turns by omega
/// while the ray's length changes by `speed`, so the rate itself can grow; one refinement covers
/// it.
void require_elevation(const SolarSystem& system, const End& near, const End& far,
                       Conditions& conditions) {
  const auto* site = std::get_if<SurfaceSite>(&system[near.id].motion);
  if (site == nullptr)
    return;
  const auto ray = far.at_ls - near.at_ls;
  const double range = length(ray);
  const double sin_mask = stos::portable_sin(site->elevation_mask_deg * radians_per_degree);
  const double margin = dot(zenith(system, near.id, near.t_s), ray) - sin_mask * range;
  const double turn_rad_s =
      std::abs(system[site->body].globe->rotation->prime_meridian_deg_per_day) *
      radians_per_degree / seconds_per_day;
  const double speed = relative_speed_bound(system, near.id, far.id);
  const double rate = (1.0 + sin_mask) * speed + turn_rad_s * range;
  conditions.require(margin, rate + turn_rad_s * speed * (std::abs(margin) / rate));
}

/// The body that a satellite circles must not cut the ray. Behind the body, the ray has to clear
/// the limb; a satellite in front first has to reach the rim, the great circle where the shadow
/// begins. A point at the fraction s of the ray moves with (1 - s) of the near end's and s of the
/// far end's velocity, and both the limb and the rim are within `lever` of the ray's length.
void require_limb(const SolarSystem& system, const End& near, const End& far,
                  Conditions& conditions) {
  const auto* orbit = std::get_if<SatelliteOrbit>(&system[near.id].motion);
  const auto* far_site = std::get_if<SurfaceSite>(&system[far.id].motion);
  if (orbit == nullptr || (far_site != nullptr && far_site->body == orbit->body))
    return; // a site's own horizon already hides what is below it
  const auto center = position_ls(system, orbit->body, near.t_s);
  const double radius = system[orbit->body].globe->equatorial_radius_km / light_speed_km_s;
  const auto inward = center - near.at_ls;
  const auto ray = far.at_ls - near.at_ls;
  const double range = length(ray);
  const double ahead = dot(inward, ray) / range;
  const double aside = length(cross(inward, ray)) / range;
  const double margin = ahead < 0.0 ? length({ahead, aside - radius, 0.0})
                                    : distance_to_segment(near.at_ls, far.at_ls, center) - radius;
  const double lever = std::min(1.0, length(inward) / range);
  const double near_speed = speed_bound(system, near.id);
  const double far_speed = relative_speed_bound(system, far.id, orbit->body);
  conditions.require(margin, (1.0 + lever) * near_speed + lever * far_speed);
}

MobileId outermost_parent(const SolarSystem& system, MobileId id) {
  while (const auto up = parent(system, id))
    id = *up;
  return id;
}

/// A ray between planets must pass the Sun, which is the origin, outside the keep-out sphere.
void require_quiet_sun(const SolarSystem& system, double keep_out_deg, const End& a, const End& b,
                       Conditions& conditions) {
  if (outermost_parent(system, a.id) == outermost_parent(system, b.id))
    return;
  const double radius =
      astronomical_unit_ls * stos::portable_sin(keep_out_deg * radians_per_degree);
  const double margin = distance_to_segment(a.at_ls, b.at_ls, Vector3{}) - radius;
  conditions.require(margin, relative_speed_bound(system, a.id, b.id));
}

} // namespace

double elevation_deg(const SolarSystem& system, MobileId site, Vector3 target_ls, double t_s) {
  const auto ray = target_ls - position_ls(system, site, t_s);
  const double sine = dot(zenith(system, site, t_s), ray) / length(ray);
  const double cosine = std::sqrt(std::max((1 - sine) * (1 + sine), 0.0));
  return stos::portable_atan2(sine, cosine) / radians_per_degree;
}

double distance_to_segment(Vector3 a, Vector3 b, Vector3 center) {
  const auto ray = b - a;
  const double along = std::clamp(dot(center - a, ray) / dot(ray, ray), 0.0, 1.0);
  return length(center - a - along * ray);
}

bool occulted(Vector3 a, Vector3 b, Vector3 center, double radius) {
  return distance_to_segment(a, b, center) < radius;
}

double sun_separation_deg(const SolarSystem& system, MobileId observer, MobileId target,
                          double t_s) {
  const auto eye = position_ls(system, observer, t_s);
  const auto ray = position_ls(system, target, t_s) - eye;
  return stos::portable_atan2(length(cross(eye, ray)), -dot(eye, ray)) / radians_per_degree;
}

LinkState link_state(const SolarSystem& system, double sun_keep_out_deg, MobileId from, MobileId to,
                     double t_s) {
  const End sender{from, t_s, position_ls(system, from, t_s)};
  const End receiver = receiver_of(system, sender, to);
  Conditions conditions;
  require_elevation(system, sender, receiver, conditions);
  require_elevation(system, receiver, sender, conditions);
  require_limb(system, sender, receiver, conditions);
  require_limb(system, receiver, sender, conditions);
  require_quiet_sun(system, sun_keep_out_deg, sender, receiver, conditions);
  return conditions.state();
}

std::optional<Contact> next_contact(const SolarSystem& system, double sun_keep_out_deg,
                                    MobileId from, MobileId to, double t_s, double until_s) {
  LinkState state;
  double t = t_s;
  const auto look = [&] { state = link_state(system, sun_keep_out_deg, from, to, t); };
  const auto step = [&] { t += std::max(state.holds_s, contact_resolution_s); };

  for (look(); !state.open; look()) {
    step();
    if (t >= until_s)
      return std::nullopt;
  }
  Contact contact{t, t};
  while (state.open && t < until_s) {
    contact.closes_s = std::min(t + state.holds_s, until_s);
    step();
    look();
  }
  return contact;
}

} // namespace interplanetary
