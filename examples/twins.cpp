// One twin stays at home, the other flies off at speed v and comes back after ten years.
//
// The traveller's clock runs slow by gamma = 1 / sqrt(1 - v^2): at v = 0.8 ten years at home are
// six on board. Every month the one at home sends a greeting. On the way out greetings arrive k
// times as far apart as they were sent, on the way back k times as close together, where
// k = sqrt((1 + v) / (1 - v)) is Doppler's factor: 3 at v = 0.8, and 2 at v = 0.6.

#include "libstos/stos.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr double years = 10;
constexpr int greetings_a_year = 12;

// When the twins meet again.
struct Ages {
  double at_home = 0;
  double of_traveller = 0;
};

struct Journey {
  explicit Journey(double v)
      : speed(v), years_on_board(years * std::sqrt((1 - v) * (1 + v))),
        doppler(std::sqrt((1 + v) / (1 - v))) {}

  // The age of the traveller when the greeting comes that was sent at `sent`: the ship is ahead of
  // the light by a factor k until it turns, and flies to meet it afterwards.
  [[nodiscard]] double expected_greeting(double sent) const {
    return std::min(doppler * sent, years_on_board - (years - sent) / doppler);
  }

  double speed;
  double years_on_board;
  double doppler;

  // What happened: the twins report it when they end, to main on whatever node.
  std::vector<double> greetings; ///< traveller's age at each of them
  Ages reunion;

  // Who reports it.
  AgentId home, traveller;
};

class Traveller;

class Home : public Agent<Home, MySimulation> {
public:
  using Agent::Agent;
  ~Home() override { report("reunion", reunion_); }

  ChannelWriter<Traveller> channel_to_traveller;

  void greet();

  void welcome(double age_of_traveller) { reunion_ = {local_time(), age_of_traveller}; }

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Home& x) {
    return f.object(x).fields(f.field("to_traveller", x.channel_to_traveller),
                              f.field("reunion", x.reunion_), f.field("greetings", x.greetings_));
  }

  Ages reunion_;
  int greetings_ = 0;
};

class Traveller : public Agent<Traveller, MySimulation> {
public:
  Traveller(Home& home, double speed, double years_on_board)
      : Agent(home.position()), speed_(speed), years_on_board_(years_on_board),
        channel_home_(*this, home) {}
  ~Traveller() override { report("greetings", greetings_); }

  void depart() {
    velocity = {speed_};
    after(years_on_board_ / 2, [](Traveller& self) { self.turn_back(); });
    after(years_on_board_, [](Traveller& self) { self.arrive(); });
  }

  void hear() { greetings_.push_back(local_time()); }

private:
  friend struct stos::AgentMaker;
  Traveller() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Traveller& x) {
    return f.object(x).fields(f.field("speed", x.speed_),
                              f.field("years_on_board", x.years_on_board_),
                              f.field("greetings", x.greetings_), f.field("home", x.channel_home_));
  }

  void turn_back() { velocity = {-speed_}; }

  void arrive() {
    velocity = {0};
    channel_home_.send([age = local_time()](Home& home) { home.welcome(age); });
  }

  double speed_ = 0;
  double years_on_board_ = 0;
  std::vector<double> greetings_;
  ChannelWriter<Home> channel_home_;
};

void Home::greet() {
  if (++greetings_ >= years * greetings_a_year)
    return;
  after(1.0 / greetings_a_year, [](Home& self) {
    self.channel_to_traveller.send([](Traveller& t) { t.hear(); });
    self.greet();
  });
}

template <class T>
static T reported(const RunSummary& run, const char* topic, AgentId by) {
  for (auto& [agent, value] : run.reports.of<T>(topic))
    if (agent == by)
      return value;
  return {};
}

static double worst_error(const Journey& j) {
  const double difference = years - j.years_on_board;
  double worst = std::abs(j.reunion.at_home - j.reunion.of_traveller - difference);
  for (std::size_t i = 0; i < j.greetings.size(); ++i) {
    const double sent = static_cast<double>(i + 1) / greetings_a_year;
    worst = std::max(worst, std::abs(j.greetings[i] - j.expected_greeting(sent)));
  }
  return worst;
}

static void print(const Journey& j) {
  const std::size_t last = j.greetings.size() - 1;
  std::cout << "v = " << j.speed << '\n'
            << "  months between greetings, on board: " << 12 * (j.greetings[1] - j.greetings[0])
            << " on the way out, " << 12 * (j.greetings[last] - j.greetings[last - 1])
            << " on the way back (k = " << j.doppler << ")\n"
            << "  when they meet again, " << j.reunion.at_home << " years have passed at home and "
            << j.reunion.of_traveller << " on board\n";
}

static int simulate(const RunOptions& options) {
  if (options.end_time_s && *options.end_time_s <= years)
    throw UsageError(Errc::bad_argument, "the twins meet again after 10 years: --end-time must be "
                                         "above 10");
  MySimulation simulation(options);
  const auto scope = simulation.set_up();
  Journey journeys[] = {Journey(0.6), Journey(0.8)};

  for (Journey& journey : journeys) {
    auto* home = new Home({0, 0});
    auto* traveller = new Traveller(*home, journey.speed, journey.years_on_board);
    journey.home = home->id();
    journey.traveller = traveller->id();
    home->channel_to_traveller = ChannelWriter(*home, *traveller);
    home->greet();
    traveller->depart();
  }

  const RunSummary summary = MySimulation::start(years + 1);
  for (Journey& journey : journeys) {
    journey.greetings = reported<std::vector<double>>(summary, "greetings", journey.traveller);
    journey.reunion = reported<Ages>(summary, "reunion", journey.home);
  }

  if (options.digest_only) {
    std::cout << summary.digests() << '\n';
  } else {
    for (const Journey& journey : journeys)
      print(journey);
    std::cout << '\n' << summary.to_string();
  }
  for (const Journey& journey : journeys)
    if (journey.greetings.size() != years * greetings_a_year - 1 || worst_error(journey) > 1e-12) {
      std::cerr << "twins: at v = " << journey.speed
                << " something came at the wrong time (by up to " << worst_error(journey)
                << " years)\n";
      return 1;
    }
  return 0;
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "Two twins who age differently, and the greetings between them.",
                  simulate);
}
