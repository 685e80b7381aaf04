#include "body.hpp"

#include <algorithm>

namespace interplanetary {

Body::~Body() {
  for (const auto& times : heard_)
    report(light_times_topic, times);
}

void Body::begin_beacon(Body& to) {
  if (listeners_.empty())
    after(0.0, [](Body& body) { body.send_beacon(); });
  listeners_.emplace_back(*this, to);
}

void Body::send_beacon() {
  for (auto& listener : listeners_)
    listener.send([](Body& body, MobileId from, double sent_s) { body.hear_beacon(from, sent_s); },
                  mobile(), now_s());
  after(beacon_every_s, [](Body& body) { body.send_beacon(); });
}

void Body::hear_beacon(MobileId from, double sent_s) {
  const auto same = [from](const LightTimes& times) { return times.from == from; };
  auto times = std::find_if(heard_.begin(), heard_.end(), same);
  if (times == heard_.end())
    times = heard_.insert(times, {from, mobile(), {}});
  times->samples.emplace_back(sent_s, now_s() - sent_s);
}

} // namespace interplanetary
