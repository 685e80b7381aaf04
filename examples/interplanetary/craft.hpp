#pragma once

#include "bundle_store.hpp"
#include "contact_plan.hpp"
#include "flyer.hpp"
#include "logbook.hpp"
#include "routing.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace interplanetary {

/// What all crafts know: read only during a run, and the same on every node of a cluster.
struct Network {
  const Scenario& scenario;
  const RouteTable routes{scenario};
};

/// A node of the network: a ground station, an orbiter, a rover or a probe. It stores bundles and
/// forwards them, one transmission at a time.
///
/// A transmission:  the oldest bundle of the flow that can start first goes out when its contact is
///                  open. The last bit leaves when the link's rate has let it, and travels at the
///                  speed of light; the lambda that carries the bundle is that last bit.
/// Custody:         the receiver answers with a custody signal, a few bytes that leave at once if
///                  the way back is open and else with its next contact. Until then the sender
///                  keeps a copy. A damaged bundle is refused, and its sender repeats it.
/// Left out:        turning antennas, and sharing them: signals and receptions cost no time.
class Craft : public Flyer<Craft> {
public:
  /// `network` must outlive the agent. What it did, it reports when it ends: see logbook.hpp.
  Craft(const Network& network, MobileId mobile);
  ~Craft() override;

  /// Opens `link`, which leads from here to `to`. @pre during set-up, for all links of this craft.
  void connect(LinkId link, Craft& to);

private:
  friend struct stos::AgentMaker;
  Craft(); // it has moved

  template <class Inspector>
  friend bool inspect(Inspector& f, Craft& x) {
    return inspect_flight(f, x) && x.store_.inspect_content(f) &&
           f.object(x)
               .on_load([&x] { x.know_scenario(); })
               .fields(f.field("radios", x.radios_), f.field("radio_of_link", x.radio_of_link_),
                       f.field("created", x.created_), f.field("on_air", x.on_air_),
                       f.field("plan", x.plan_), f.field("log", x.log_));
  }

  struct Radio {
    MobileId to;
    stos::ChannelWriter<Craft> channel;
    ContactPlan plan;
    std::vector<CustodySignal> signals; // that wait for a contact

    template <class Inspector>
    friend bool inspect(Inspector& f, Radio& x) {
      return f.object(x).fields(f.field("to", x.to), f.field("channel", x.channel),
                                f.field("plan", x.plan), f.field("signals", x.signals));
    }
  };

  /// A transmission that could be made.
  struct Chance {
    FlowId flow;
    std::size_t radio; // index in radios_
    double start_s;
    double transmission_s;
    double delivery_s; // when the bundle may be at its destination
  };

  void know_scenario();
  void create(FlowId flow);
  void plan();
  void woken(std::uint64_t plan);
  std::optional<Chance> next_chance();
  std::optional<Chance> best_chance(FlowId flow);
  void transmit(const Chance& chance);
  void last_bit_leaves(const Chance& chance);
  void receive(Bundle bundle);
  void answer(std::size_t radio, const CustodySignal& signal);
  void send_signals(std::size_t radio);
  void hear(const CustodySignal& signal);
  std::size_t radio_to(MobileId to) const;
  bool is_destination(FlowId flow) const;

  const Network* network_;
  std::vector<Radio> radios_;
  std::vector<std::size_t> radio_of_link_; // index in radios_, by link
  std::vector<std::uint32_t> created_;     // bundles, by flow
  BundleStore store_;
  std::optional<Bundle> on_air_;
  std::uint64_t plan_{}; // counts plans: a timer that was set for an older one does nothing
  CraftLog log_;
};

} // namespace interplanetary
