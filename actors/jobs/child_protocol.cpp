#include "actors/jobs/child_protocol.hpp"

#include "libstos/base/plain_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace stos::detail {
namespace {

using Json = nlohmann::json;
using jobs::WorkOrder;

constexpr int depth_max = 100; // what is written out again, is so by recursion

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts)
    list += (list.size() > 1 ? "," : "") + text;
  return list + "]";
}

std::string shown(std::string_view line) {
  constexpr std::size_t most = 200;
  return quoted(std::string(line.substr(0, most))) + (line.size() > most ? "..." : "");
}

ChildFailure garbage(std::string_view line, const std::string& why) {
  return {
      "its standard output has a line that is none of the protocol (" + why + "): " + shown(line) +
      "; wanted: {\"result\": ...}, {\"error\": ...}, {\"progress\": 0 to 1} or {\"log\": ...}"};
}

std::optional<Json> parse(std::string_view line) {
  bool is_too_deep = false;
  const auto watch = [&is_too_deep](int depth, Json::parse_event_t, Json&) {
    is_too_deep = is_too_deep || depth > depth_max;
    return !is_too_deep;
  };
  Json value = Json::parse(line.begin(), line.end(), watch, false);
  if (value.is_discarded() || is_too_deep)
    return std::nullopt;
  return value;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

ChildWord result_of(const Json& said, std::string_view line, bool is_split) {
  const Json& result = said["result"];
  ChildResult word;
  if (!is_split) {
    word.result = result.dump();
    return word;
  }
  if (!result.is_array())
    return garbage(line, "the result of a split is a list of parts");
  for (const Json& part : result)
    word.parts.push_back(part.dump());
  const auto reduce = said.find("reduce");
  word.has_reduce = reduce != said.end() && reduce->is_boolean() && reduce->get<bool>();
  return word;
}

} // namespace

std::string task_line(const WorkOrder& order) {
  std::vector<std::string> arguments;
  for (const std::string& argument : order.spec.arguments)
    arguments.push_back(quoted(argument));
  std::string line = "{\"stos\":1,\"job\":" + quoted(to_string(order.job)) +
                     ",\"arguments\":" + list_of(arguments) +
                     ",\"nodes\":" + std::to_string(order.nodes) +
                     ",\"slots\":" + std::to_string(order.slots);
  switch (order.what) {
    case WorkOrder::What::split: line += ",\"do\":\"split\""; break;
    case WorkOrder::What::part:
      line += ",\"do\":\"part\",\"part\":" + std::to_string(order.part) +
              ",\"parts\":" + std::to_string(order.parts) + ",\"input\":" + order.input;
      break;
    case WorkOrder::What::reduction:
      line += ",\"do\":\"reduce\",\"results\":" + list_of(order.results);
      break;
  }
  return line + "}\n";
}

ChildWord read_child_line(std::string_view line, bool is_split) {
  const std::optional<Json> said = parse(line);
  if (!said)
    return garbage(line, "it is no JSON, or has more than 100 levels");
  if (!said->is_object())
    return garbage(line, "it is no object");
  if (const auto error = said->find("error"); error != said->end()) {
    const auto traceback = said->find("traceback");
    return ChildFailure{text_of(*error) +
                        (traceback == said->end() ? "" : "\n" + text_of(*traceback))};
  }
  if (said->contains("result"))
    return result_of(*said, line, is_split);
  if (const auto progress = said->find("progress"); progress != said->end()) {
    if (!progress->is_number())
      return garbage(line, "progress is a number from 0 to 1");
    return ChildProgress{std::clamp(progress->get<double>(), 0.0, 1.0)};
  }
  if (const auto log = said->find("log"); log != said->end())
    return ChildLog{text_of(*log)};
  return garbage(line, "it has none of the names");
}

} // namespace stos::detail
