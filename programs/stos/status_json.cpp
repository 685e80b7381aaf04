#include "programs/stos/status_json.hpp"

#include <string_view>

namespace stos::program {

void write_agents(JsonWriter& json, const NodeStatus& status) {
  json.member("agents", agents_of(status));
  json.member("agents_blocked", status.agents_blocked);
  json.member("agents_born", status.agents_born);
  json.member("agents_died", status.agents_died);
  json.begin_object("types");
  for (const TypeStatus& type : status.types)
    json.member(type.type, type.agents);
  json.end_object();
}

void write_progress(JsonWriter& json, const NodeStatus& status) {
  json.member("events", status.events);
  json.member("simulated_time_s", status.simulated_time);
  json.member("lower_bound_s", status.lower_bound);
  json.member("end_time_s", status.end_time);
  json.member("finished", is_finished(status));
  json.member("running_s", status.running_s);
}

void write_process(JsonWriter& json, const NodeStatus& status) {
  json.member("cpu_s", status.process.cpu_s);
  json.member("resident_bytes", status.process.resident_bytes);
  json.member("threads", status.process.threads);
  json.member("open_files", status.process.open_files);
}

} // namespace stos::program
