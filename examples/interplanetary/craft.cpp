#include "craft.hpp"

#include <algorithm>

namespace interplanetary {
namespace {

/// A timer may come that much early; the edges of contacts are known less well.
constexpr double clock_slack_s = 1e-3;

} // namespace

Craft::Craft(const Network& network, MobileId mobile)
    : Flyer(network.scenario.system, mobile), network_(&network),
      radio_of_link_(network.scenario.links.size()), created_(network.scenario.flows.size()),
      store_(network.scenario.flows) {
  log_.craft = mobile;
  for (std::size_t i = 0; i < network.scenario.flows.size(); ++i)
    if (network.scenario.flows[i].source == mobile)
      after(0.0, [flow = static_cast<FlowId>(i)](Craft& craft) { craft.create(flow); });
}

Craft::Craft() : network_(&provided<Network>()), store_(network_->scenario.flows) {}

void Craft::know_scenario() {
  for (Radio& radio : radios_)
    radio.plan.use(network_->scenario);
}

Craft::~Craft() {
  log_.peak_bytes = store_.peak_bytes();
  report(craft_log_topic, log_);
}

void Craft::connect(LinkId link, Craft& to) {
  radio_of_link_[static_cast<std::size_t>(link)] = radios_.size();
  radios_.push_back({to.mobile(),
                     stos::ChannelWriter<Craft>(*this, to),
                     ContactPlan(network_->scenario, link),
                     {}});
}

void Craft::create(FlowId flow) {
  ++log_.created;
  store_.put({{flow, created_[static_cast<std::size_t>(flow)]++}, now_s(), 0, {}});
  after(network_->scenario[flow].every_s, [flow](Craft& craft) { craft.create(flow); });
  plan();
}

// Something has changed: decides anew what is sent next, and when.
void Craft::plan() {
  if (on_air_)
    return;
  ++plan_;
  log_.expired += store_.expire(now_s());
  if (!store_.anything_waits())
    return;
  const auto chance = next_chance();
  if (chance && chance->start_s <= now_s() + clock_slack_s)
    transmit(*chance);
  else
    at(chance ? chance->start_s : now_s() + planning_horizon_s,
       [plan = plan_](Craft& craft) { craft.woken(plan); });
}

void Craft::woken(std::uint64_t plan_then) {
  if (plan_then == plan_)
    plan();
}

// Of all flows, the one that can start first; of several, the one that has waited longest.
std::optional<Craft::Chance> Craft::next_chance() {
  std::optional<Chance> first;
  const auto rank = [this](const Chance& chance) {
    return std::pair(chance.start_s, store_.oldest(chance.flow)->created_s);
  };
  for (std::size_t i = 0; i < created_.size(); ++i) {
    const auto chance = best_chance(static_cast<FlowId>(i));
    if (chance && (!first || rank(*chance) < rank(*first)))
      first = chance;
  }
  return first;
}

// The link that promises the earliest delivery; contacts are looked up only if they could win.
std::optional<Craft::Chance> Craft::best_chance(FlowId flow) {
  std::optional<Chance> best;
  if (store_.oldest(flow) == nullptr)
    return best;
  const double now = now_s();
  for (const NextHop& hop : network_->routes.next_hops(flow, mobile())) {
    const double way_s = hop.transmission_s + hop.rest_s;
    if (best && now + way_s >= best->delivery_s)
      continue;
    const std::size_t radio = radio_of_link_[static_cast<std::size_t>(hop.link)];
    const auto start_s = radios_[radio].plan.next_start(now, hop.transmission_s);
    if (start_s && (!best || *start_s + way_s < best->delivery_s))
      best = Chance{flow, radio, *start_s, hop.transmission_s, *start_s + way_s};
  }
  return best;
}

void Craft::transmit(const Chance& chance) {
  on_air_ = store_.send_oldest(chance.flow);
  after(chance.transmission_s, [chance](Craft& craft) { craft.last_bit_leaves(chance); });
}

void Craft::last_bit_leaves(const Chance& chance) {
  Radio& radio = radios_[chance.radio];
  ++log_.sent;
  log_.on_air_s += chance.transmission_s;
  on_air_->hops[on_air_->hop_count++] = {mobile(), radio.to, now_s(), 0.0};
  radio.channel.send([](Craft& craft, const Bundle& bundle) { craft.receive(bundle); }, *on_air_);
  on_air_.reset();
  plan();
}

void Craft::receive(Bundle bundle) {
  HopRecord& hop = bundle.hops[bundle.hop_count - 1];
  hop.received_s = now_s();
  const bool damaged = random().bernoulli(network_->scenario.damaged_share);
  ++(damaged ? log_.damaged : log_.received);
  answer(radio_to(hop.from), {bundle.name, !damaged});
  if (damaged)
    return;
  if (is_destination(bundle.name.flow)) {
    log_.deliveries.push_back({bundle});
    return;
  }
  store_.put(bundle);
  plan();
}

void Craft::answer(std::size_t radio, const CustodySignal& signal) {
  radios_[radio].signals.push_back(signal);
  if (radios_[radio].signals.size() == 1)
    send_signals(radio); // else they wait already
}

void Craft::send_signals(std::size_t radio) {
  Radio& back = radios_[radio];
  if (!back.plan.is_open(now_s())) {
    const auto start_s = back.plan.next_start(now_s(), 0.0);
    at(start_s.value_or(now_s() + planning_horizon_s) + clock_slack_s,
       [radio](Craft& craft) { craft.send_signals(radio); });
    return;
  }
  for (const CustodySignal& signal : back.signals)
    back.channel.send([](Craft& craft, const CustodySignal& heard) { craft.hear(heard); }, signal);
  back.signals.clear();
}

void Craft::hear(const CustodySignal& signal) {
  store_.heard(signal);
  if (!signal.accepted)
    plan();
}

std::size_t Craft::radio_to(MobileId to) const {
  const auto found = std::find_if(radios_.begin(), radios_.end(),
                                  [to](const Radio& radio) { return radio.to == to; });
  return static_cast<std::size_t>(found - radios_.begin());
}

bool Craft::is_destination(FlowId flow) const {
  const auto& destinations = network_->scenario[flow].destinations;
  return std::find(destinations.begin(), destinations.end(), mobile()) != destinations.end();
}

} // namespace interplanetary
