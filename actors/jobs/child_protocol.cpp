#include "actors/jobs/child_protocol.hpp"

#include "libstos/base/plain_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

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
      "; wanted: {\"result\": ...}, {\"error\": ...}, {\"progress\": 0 to 1}, {\"log\": ...} or "
      "{\"ask\": ...}"};
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

// ---- what a script asks for

constexpr std::string_view wishes = "lock, unlock, get, put, delete, propose or list";

/// A number from 0 on; nothing if it is none.
std::optional<std::uint64_t> number_of(const Json& said, const char* name) {
  const auto value = said.find(name);
  if (value == said.end() || !value->is_number_integer() || *value < 0)
    return std::nullopt;
  return value->get<std::uint64_t>();
}

std::optional<coordination::Request::What> wish_of(const std::string& word) {
  using What = coordination::Request::What;
  constexpr std::array<std::pair<std::string_view, What>, 7> words{{{"lock", What::acquire},
                                                                    {"unlock", What::release},
                                                                    {"get", What::get},
                                                                    {"put", What::put},
                                                                    {"delete", What::remove},
                                                                    {"propose", What::propose},
                                                                    {"list", What::list}}};
  for (const auto& [each, what] : words)
    if (each == word)
      return what;
  return std::nullopt;
}

ChildWord ask_of(const Json& said, std::string_view line) {
  constexpr double ms = 1000;
  const auto text = [&said](const char* name) {
    const auto value = said.find(name);
    return value != said.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  const std::optional<std::uint64_t> number = number_of(said, "ask");
  const auto what = wish_of(text("do"));
  if (!number || !what)
    return garbage(line, "ask has a number, and do is " + std::string(wishes));
  ChildAsk ask;
  ask.number = *number;
  ask.request.what = *what;
  ask.request.name = text("name");
  ask.request.value = text("value");
  ask.request.claim = number_of(said, "lock").value_or(0);
  ask.request.expected = number_of(said, "revision");
  ask.request.permits = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number_of(said, "permits").value_or(1), ~std::uint32_t{0}));
  if (const auto wait = said.find("wait"); wait != said.end() && wait->is_number()) {
    constexpr double wait_s_max = 1e9;
    ask.request.wait_ms =
        static_cast<std::uint64_t>(ms * std::clamp(wait->get<double>(), 0.0, wait_s_max));
  }
  return ask;
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
  if (said->contains("ask"))
    return ask_of(*said, line);
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

std::string answer_line(std::uint64_t number, const coordination::Answer& answer) {
  using Outcome = coordination::Answer::Outcome;
  std::string line = "{\"answer\":" + std::to_string(number) +
                     ",\"outcome\":" + quoted(std::string(to_string(answer.outcome)));
  if (answer.outcome != Outcome::done)
    line += ",\"why\":" + quoted(answer.why);
  if (answer.fence != 0)
    line += ",\"fence\":" + std::to_string(answer.fence);
  line += ",\"revision\":" + std::to_string(answer.revision) + ",\"entries\":[";
  for (std::size_t i = 0; i < answer.entries.size(); ++i) {
    const coordination::Entry& entry = answer.entries[i];
    line += (i > 0 ? "," : "") + std::string("{\"key\":") + quoted(entry.key) +
            ",\"value\":" + quoted(entry.value) +
            ",\"revision\":" + std::to_string(entry.revision) + "}";
  }
  return line + "]}\n";
}

} // namespace stos::detail
