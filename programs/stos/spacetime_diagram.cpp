#include "programs/stos/spacetime_diagram.hpp"

#include "programs/stos/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

namespace stos::program {
namespace {

using namespace svg;
using Kind = TraceRecord::Kind;

constexpr std::size_t legend_entries_max = 12;
constexpr std::array<const char*, 3> axis_names = {"x", "y", "z"};

/// How far apart two points are on `axis`, and whether light can get from one to the other. Those
/// that it cannot lie on two sides of a periodic space.
bool is_within_light(const Point& from, const Point& to) {
  constexpr double slack = 1e-9; // rounding of coordinates
  double squared = 0;
  for (std::size_t i = 1; i < 4; ++i)
    squared += (to[i] - from[i]) * (to[i] - from[i]);
  const double time = to[0] - from[0];
  const double scale = std::abs(to[0]) + std::abs(to[1]) + std::abs(to[2]) + std::abs(to[3]);
  return std::sqrt(squared) <= time + slack * (1 + scale);
}

/// What is in a trace, as a picture needs it.
class Scene {
public:
  Scene(std::span<const TraceRecord> records, const PlotOptions& options);

  /// Agents or types, in the order of their first appearance; its number chooses the colour.
  struct Group {
    std::string name;
    std::vector<const TraceRecord*> births, events, deaths, lambdas;
    std::vector<std::vector<const TraceRecord*>> trajectories; ///< unbroken pieces
  };

  std::vector<Group> groups;
  std::vector<const TraceRecord*> foreign_lambdas; ///< from outside of the simulation
  Range time, place;
  Range window;         ///< of time that is to be seen; what else there is, is not counted
  std::size_t axis = 0; ///< of a Point: 1 to 3
  bool is_projected = false;
  std::size_t agents = 0, events = 0, drawn_lambdas = 0, wrapped_lambdas = 0;

private:
  bool is_seen(const TraceRecord& record) const {
    return record.point[0] >= window.min && record.point[0] <= window.max;
  }
  void choose_axis(std::span<const TraceRecord> records, const PlotOptions& options);
  std::size_t group_of(const TraceRecord& record, PlotColour colour);
  void add_to_trajectory(const TraceRecord& record, std::size_t group);
  void add_event(const TraceRecord& record, std::size_t group);

  std::map<std::string, std::size_t> group_by_name_;
  std::map<AgentId, std::size_t> group_by_agent_;
  std::map<AgentId, std::size_t> trajectory_by_agent_; ///< the unbroken piece at its end
};

void Scene::choose_axis(std::span<const TraceRecord> records, const PlotOptions& options) {
  std::array<Range, 3> extent;
  for (const TraceRecord& record : records)
    for (std::size_t i = 0; i < 3; ++i)
      extent[i].include(record.point[i + 1]);
  std::size_t chosen = 0;
  for (std::size_t i = 1; i < 3; ++i)
    if (extent[i].size() > extent[chosen].size())
      chosen = i;
  chosen = options.axis.value_or(chosen);
  for (std::size_t i = 0; i < 3; ++i)
    is_projected = is_projected || (i != chosen && extent[i].size() > 0);
  axis = chosen + 1;
}

std::size_t Scene::group_of(const TraceRecord& record, PlotColour colour) {
  const auto known = group_by_agent_.find(record.agent);
  if (known != group_by_agent_.end())
    return known->second;
  std::string name = record.type;
  if (colour == PlotColour::agent)
    name += " " + std::to_string(record.agent.value);
  const auto [entry, is_new] = group_by_name_.emplace(name, groups.size());
  if (is_new)
    groups.push_back({name, {}, {}, {}, {}, {}});
  group_by_agent_[record.agent] = entry->second;
  ++agents;
  return entry->second;
}

void Scene::add_to_trajectory(const TraceRecord& record, std::size_t group) {
  auto& pieces = groups[group].trajectories;
  const auto [current, is_new] = trajectory_by_agent_.emplace(record.agent, pieces.size());
  if (is_new || !is_within_light(pieces[current->second].back()->point, record.point)) {
    current->second = pieces.size();
    pieces.emplace_back();
  }
  pieces[current->second].push_back(&record);
}

void Scene::add_event(const TraceRecord& record, std::size_t group) {
  if (is_seen(record)) {
    ++events;
    groups[group].events.push_back(&record);
  }
  const bool was_under_way = record.emission[0] <= window.max && record.point[0] >= window.min;
  if (record.source == record.agent || !was_under_way)
    return;
  if (!is_within_light(record.emission, record.point)) {
    ++wrapped_lambdas;
    return;
  }
  ++drawn_lambdas;
  time.include(record.emission[0]);
  place.include(record.emission[axis]);
  const auto sender = group_by_agent_.find(record.source);
  (sender == group_by_agent_.end() ? foreign_lambdas : groups[sender->second].lambdas)
      .push_back(&record);
}

Scene::Scene(std::span<const TraceRecord> records, const PlotOptions& options) {
  choose_axis(records, options);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  window = {options.from.value_or(-infinity), options.to.value_or(infinity)};
  for (const TraceRecord& record : records) {
    time.include(record.point[0]);
    place.include(record.point[axis]);
    const std::size_t group = group_of(record, options.colour);
    add_to_trajectory(record, group);
    if (record.kind == Kind::event)
      add_event(record, group);
    else if (!is_seen(record))
      continue;
    else if (record.kind == Kind::birth)
      groups[group].births.push_back(&record);
    else if (record.kind == Kind::death)
      groups[group].deaths.push_back(&record);
  }
}

/// Puts a Scene on paper.
class Picture {
public:
  Picture(const Scene& scene, const PlotOptions& options);
  std::string svg();

private:
  static constexpr double left = 66, right = 22, title_height = 46, row_height = 22;
  static constexpr double axis_height = 52, caption_row_height = 17;
  static constexpr double letter_width = 7.2; // of the font below, on average

  struct LegendEntry {
    std::string symbol; ///< SVG around the origin
    std::string text;
    double x = 0, y = 0;
  };

  double px(double place) const {
    return left + (place - place_.min) / place_.size() * (options_.width - left - right);
  }
  double py(double time) const {
    return top_ + plot_height_ - (time - time_.min) / time_.size() * plot_height_;
  }
  std::string coordinates(const Point& p, const char* pattern) const {
    return format(pattern, px(p[scene_.axis]), py(p[0]));
  }

  void make_legend();
  void make_caption();
  std::string frame_and_grid() const;
  std::string lambdas(const std::vector<const TraceRecord*>& records, const char* colour) const;
  std::string group(const Scene::Group& group, const char* colour) const;
  std::string legend() const;

  const Scene& scene_;
  const PlotOptions& options_;
  Range time_, place_;
  std::vector<LegendEntry> legend_;
  std::vector<std::string> caption_;
  double top_ = 0, plot_height_ = 0, dot_radius_ = 0, ray_opacity_ = 0;
};

std::string ring(double x, double y, double radius) {
  return format("<circle class=\"birth\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, radius);
}

std::string cross(double x, double y, double radius) {
  return format("<path class=\"death\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f\"/>", x - radius,
                y - radius, 2 * radius, 2 * radius, -2 * radius, -2 * radius, 2 * radius);
}

std::string dot(double x, double y, double radius) {
  return format("<circle class=\"event\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, radius);
}

Picture::Picture(const Scene& scene, const PlotOptions& options)
    : scene_(scene), options_(options), time_(scene.time.widened(0.02)),
      place_(scene.place.widened(0.06)) {
  time_ = {options.from.value_or(time_.min), options.to.value_or(time_.max)};
  if (time_.size() <= 0) // nothing has happened there
    time_ = options.to ? Range{*options.to - 1, *options.to} : Range{time_.min, time_.min + 1};
  make_legend();
  make_caption();
  const double rows = legend_.empty() ? 0 : legend_.back().y / row_height + 1;
  top_ = title_height + rows * row_height + 10;
  const double below = axis_height + static_cast<double>(caption_.size()) * caption_row_height + 8;
  if (options.height) {
    plot_height_ = std::max(60.0, *options.height - top_ - below);
  } else {
    // Light at 45 degrees, unless that makes a picture too flat or too high.
    const double plot_width = options.width - left - right;
    plot_height_ =
        std::clamp(plot_width * time_.size() / place_.size(), plot_width * 0.6, plot_width * 1.25);
  }
  // The more there is, the finer it is drawn.
  const auto crowd = static_cast<double>(std::max<std::size_t>(scene.events, 1));
  dot_radius_ = std::clamp(36 / std::sqrt(crowd), 1.2, 3.2);
  ray_opacity_ = std::clamp(8 / std::sqrt(crowd), 0.12, 0.6);
}

void Picture::make_legend() {
  const auto add = [this](std::string symbol, std::string name) {
    legend_.push_back({std::move(symbol), std::move(name), 0, 0});
  };
  for (std::size_t i = 0; i < scene_.groups.size() && i < legend_entries_max; ++i)
    add(format("<path d=\"M-10 0h20\" stroke=\"%s\" stroke-width=\"2.4\"/>", colour_of(i)),
        shortened(scene_.groups[i].name, 40));
  if (scene_.groups.size() > legend_entries_max)
    add("", "and " + std::to_string(scene_.groups.size() - legend_entries_max) + " more");
  const auto any = [this](auto list) {
    return std::ranges::any_of(scene_.groups, [list](const auto& g) { return !(g.*list).empty(); });
  };
  const std::string ink = "<g fill=\"#fff\" stroke=\"#333\" stroke-width=\"1.5\">";
  if (any(&Scene::Group::births))
    add(ink + ring(0, 0, 4) + "</g>", "birth");
  if (any(&Scene::Group::events))
    add("<g fill=\"#333\">" + dot(0, 0, 3) + "</g>", "event");
  if (any(&Scene::Group::deaths))
    add(ink + cross(0, 0, 4) + "</g>", "death");
  if (scene_.drawn_lambdas > 0)
    add("<path d=\"M-9 7L9 -7\" stroke=\"#333\" stroke-opacity=\"0.6\"/>",
        "lambda, in its sender's colour");

  double x = left, y = 0;
  for (LegendEntry& entry : legend_) {
    const double width = 42 + letter_width * static_cast<double>(entry.text.size());
    if (x > left && x + width > options_.width - right) {
      x = left;
      y += row_height;
    }
    entry.x = x;
    entry.y = y;
    x += width;
  }
}

void Picture::make_caption() {
  const auto plural = [](std::size_t count, const std::string& word) {
    return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
  };
  std::string whole = plural(scene_.agents, "agent") + ", " + plural(scene_.events, "event") +
                      ", " + plural(scene_.drawn_lambdas, "lambda") + " from one to another.";
  if (scene_.is_projected)
    whole += std::string(" Projected on ") + axis_names[scene_.axis - 1] +
             ": places differ in other directions as well, so light looks slower than it is.";
  if (scene_.wrapped_lambdas > 0)
    whole += " " + plural(scene_.wrapped_lambdas, "lambda") +
             " that went around a periodic space " + (scene_.wrapped_lambdas == 1 ? "is" : "are") +
             " not drawn.";
  if (scene_.groups.size() > colours.size())
    whole += " Colours repeat after " + std::to_string(colours.size()) + ".";

  // Broken into lines that fit.
  const auto letters =
      static_cast<std::size_t>((options_.width - left - right) / (letter_width * 0.93));
  while (whole.size() > letters) {
    const std::size_t space = std::min(whole.rfind(' ', letters), whole.size() - 1);
    caption_.push_back(whole.substr(0, space));
    whole.erase(0, space + 1);
  }
  caption_.push_back(whole);
}

std::string Picture::frame_and_grid() const {
  const double plot_width = options_.width - left - right;
  const double bottom = top_ + plot_height_;
  const Ticks across(place_, std::max(2, static_cast<int>(plot_width / 90)));
  const Ticks upwards(time_, std::max(2, static_cast<int>(plot_height_ / 70)));
  std::string grid, labels;
  for (const double place : across.values) {
    grid += format("M%.1f %.1fV%.1f", px(place), top_, bottom);
    labels += text(px(place), bottom + 18, "text-anchor=\"middle\"", across.label(place));
  }
  for (const double time : upwards.values) {
    grid += format("M%.1f %.1fH%.1f", left, py(time), left + plot_width);
    labels += text(left - 8, py(time) + 4, "text-anchor=\"end\"", upwards.label(time));
  }
  std::string out = format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                           "fill=\"#fbfbfa\" stroke=\"#c9ccd1\"/>\n",
                           left, top_, plot_width, plot_height_);
  out += "<path class=\"grid\" d=\"" + grid + "\" stroke=\"#e6e8eb\" fill=\"none\"/>\n";
  out += "<g class=\"ticks\" fill=\"#4a4f57\">\n" + labels + "</g>\n";
  out += text(left + plot_width / 2, bottom + 40, "text-anchor=\"middle\" fill=\"#222\"",
              std::string(axis_names[scene_.axis - 1]) + " in light-seconds");
  const double middle = top_ + plot_height_ / 2;
  return out + format("<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\" "
                      "fill=\"#222\">laboratory time in seconds</text>\n",
                      middle);
}

std::string Picture::lambdas(const std::vector<const TraceRecord*>& records,
                             const char* colour) const {
  if (records.empty())
    return "";
  std::string out = format("<g class=\"lambdas\" stroke=\"%s\" stroke-width=\"1\" "
                           "stroke-opacity=\"%.2f\">\n",
                           colour, ray_opacity_);
  for (const TraceRecord* const r : records)
    out += coordinates(r->emission, "<line x1=\"%.1f\" y1=\"%.1f\"") +
           coordinates(r->point, " x2=\"%.1f\" y2=\"%.1f\"/>\n");
  return out + "</g>\n";
}

std::string Picture::group(const Scene::Group& group, const char* colour) const {
  std::string out = format("<g class=\"agents\" stroke=\"%s\" fill=\"%s\">\n", colour, colour);
  const double line_width =
      std::clamp(24 / std::sqrt(static_cast<double>(scene_.agents)), 1.0, 2.2);
  out += format("<g fill=\"none\" stroke-width=\"%.1f\" stroke-linejoin=\"round\">\n", line_width);
  for (const auto& trajectory : group.trajectories) {
    out += "<polyline class=\"trajectory\" points=\"";
    for (const TraceRecord* const r : trajectory)
      out += coordinates(r->point, r == trajectory.front() ? "%.1f,%.1f" : " %.1f,%.1f");
    out += "\"/>\n";
  }
  out += "</g>\n<g stroke=\"none\">\n";
  const auto mark = [&](const auto& records, auto symbol, double radius) {
    for (const TraceRecord* const r : records)
      out += symbol(px(r->point[scene_.axis]), py(r->point[0]), radius) + "\n";
  };
  mark(group.events, dot, dot_radius_);
  out += format("</g>\n<g fill=\"#fff\" stroke-width=\"%.1f\">\n", std::max(1.2, line_width * 0.8));
  mark(group.births, ring, std::max(2.4, dot_radius_ * 1.35));
  mark(group.deaths, cross, std::max(3.0, dot_radius_ * 1.5));
  return out + "</g>\n</g>\n";
}

std::string Picture::legend() const {
  std::string out = "<g class=\"legend\" fill=\"#222\">\n";
  for (const LegendEntry& entry : legend_)
    out += format("<g transform=\"translate(%.1f %.1f)\">", entry.x, title_height + entry.y + 4) +
           (entry.symbol.empty()
                ? ""
                : "<g transform=\"translate(11 0)\" fill=\"none\">" + entry.symbol + "</g>") +
           text(entry.symbol.empty() ? 0 : 26, 4, "", entry.text) + "</g>\n";
  return out + "</g>\n";
}

std::string Picture::svg() {
  const double caption_top = top_ + plot_height_ + axis_height + 14;
  const double height =
      options_.height ? *options_.height
                      : caption_top + static_cast<double>(caption_.size()) * caption_row_height;
  std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                           "viewBox=\"0 0 %d %.0f\" role=\"img\" font-family=\"system-ui, "
                           "'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"12.5\">\n",
                           options_.width, height, options_.width, height);
  out += "<title>" + escape(options_.title) + "</title>\n";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += text(left, 28, "font-size=\"17\" font-weight=\"600\" fill=\"#111\"",
              shortened(options_.title, static_cast<std::size_t>(options_.width / 13)));
  out += legend() + frame_and_grid();
  const bool is_part = options_.from || options_.to;
  if (is_part)
    out += format("<clipPath id=\"window\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                  "height=\"%.1f\"/></clipPath>\n<g clip-path=\"url(#window)\">\n",
                  left, top_, options_.width - left - right, plot_height_);
  for (std::size_t i = 0; i < scene_.groups.size(); ++i)
    out += lambdas(scene_.groups[i].lambdas, colour_of(i));
  out += lambdas(scene_.foreign_lambdas, "#888");
  for (std::size_t i = 0; i < scene_.groups.size(); ++i)
    out += group(scene_.groups[i], colour_of(i));
  if (is_part)
    out += "</g>\n";
  for (std::size_t i = 0; i < caption_.size(); ++i)
    out += text(left, caption_top + static_cast<double>(i) * caption_row_height,
                "font-size=\"12\" fill=\"#5b6068\"", caption_[i]);
  return out + "</svg>\n";
}

} // namespace

std::string draw(std::span<const TraceRecord> records, const PlotOptions& options) {
  const Scene scene(records, options);
  return Picture(scene, options).svg();
}

} // namespace stos::program
