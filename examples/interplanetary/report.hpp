#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// What the run delivered, as a table, a CSV file and pictures. Pure: records in, text out; the
/// program writes the text to stdout and files.
///
/// Units: times in seconds since the epoch, sizes in bytes, distances in light-seconds.
/// Order: the output follows from the records' contents alone. Routes are sorted by name, bundles
///        by creation, so equal runs print equal bytes whatever order the records came in.
namespace interplanetary {

/// One leg of a bundle's way.
struct Hop {
  std::string from;
  std::string to;
  double sent_s{};
  double received_s{};

  friend bool operator==(const Hop&, const Hop&) = default;
};

struct DeliveredBundle {
  std::string flow; ///< names the route in tables and legends
  std::string source;
  std::string destination;
  double created_s{};
  double delivered_s{};
  double bytes{};
  std::vector<Hop> hops;

  double delay_s() const { return delivered_s - created_s; }
};

/// What one flow experienced.
struct RouteDelay {
  std::string flow;
  std::size_t bundles{};
  double bytes{};
  double min_s{};
  double median_s{};
  double mean_s{};
  double max_s{};
};

/// One line per flow, sorted by name.
std::vector<RouteDelay> route_delays(const std::vector<DeliveredBundle>& bundles);

/// The lines as text with aligned columns and a heading.
std::string delay_table(const std::vector<RouteDelay>& routes);

/// "1.4 s", "12.3 min", "5.2 h", "19.8 d".
std::string readable_duration(double seconds);

/// "20.0 kB", "584.0 MB", "1.1 GB".
std::string readable_size(double bytes);

/// A line per bundle under a heading; times with a millisecond's resolution.
std::string bundles_csv(const std::vector<DeliveredBundle>& bundles);

/// A span of time worth shading, such as a solar conjunction.
struct Outage {
  std::string label;
  double from_s{};
  double until_s{};
};

/// A curve: (time, value) in ascending time.
struct Curve {
  std::string label;
  std::vector<std::pair<double, double>> points;
  bool labelled{true}; ///< false keeps the label off the picture: all of Mars' fleet is one line
};

struct PictureFrame {
  std::string title;
  double epoch_jd{}; ///< dates on the axis
  double from_s{};
  double until_s{};
};

/// Delay (logarithmic) over the date of creation: a dot for each bundle, coloured by flow; curves,
/// such as the bare light time, in grey; outages shaded.
std::string delay_svg(const PictureFrame& frame, const std::vector<DeliveredBundle>& bundles,
                      const std::vector<Curve>& curves, const std::vector<Outage>& outages);

/// A spacetime diagram: time runs up, distance from the Sun to the right in light-minutes, so that
/// a ray has a visible slope over a window of hours. Worldlines are curves of (time, distance in
/// light-seconds); each hop is drawn as a line between its ends' worldlines, coloured by flow. A
/// hop takes longer than the difference of the two distances unless the planets stand in line.
/// Hops of mobiles without a curve are left out.
std::string spacetime_svg(const PictureFrame& frame, const std::vector<Curve>& worldlines,
                          const std::vector<DeliveredBundle>& bundles);

/// "2026-03-01" for the day that holds `t_s`.
std::string calendar_date(double epoch_jd, double t_s);

} // namespace interplanetary
