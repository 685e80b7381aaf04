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

  // What happened.
  std::vector<double> greetings; ///< traveller's age at each of them
  double age_at_home = 0;        ///< when they meet again
  double age_of_traveller = 0;
};

class Traveller;

class Home : public Agent<Home, MySimulation> {
public:
  Home(const SpaceTime& position, Journey& journey) : Agent(position), journey_(journey) {}

  ChannelWriter<Traveller> channel_to_traveller;

  void greet();

  void welcome(double age_of_traveller) {
    journey_.age_at_home = local_time();
    journey_.age_of_traveller = age_of_traveller;
  }

private:
  Journey& journey_;
  int greetings_ = 0;
};

class Traveller : public Agent<Traveller, MySimulation> {
public:
  Traveller(Home& home, Journey& journey)
      : Agent(home.position()), journey_(journey), channel_home_(*this, home) {}

  void depart() {
    velocity = {journey_.speed};
    after(journey_.years_on_board / 2, [](Traveller& self) { self.turn_back(); });
    after(journey_.years_on_board, [](Traveller& self) { self.arrive(); });
  }

  void hear() { journey_.greetings.push_back(local_time()); }

private:
  void turn_back() { velocity = {-journey_.speed}; }

  void arrive() {
    velocity = {0};
    channel_home_.send([age = local_time()](Home& home) { home.welcome(age); });
  }

  Journey& journey_;
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

static double worst_error(const Journey& j) {
  const double difference = years - j.years_on_board;
  double worst = std::abs(j.age_at_home - j.age_of_traveller - difference);
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
            << "  when they meet again, " << j.age_at_home << " years have passed at home and "
            << j.age_of_traveller << " on board\n";
}

static int simulate(const RunOptions& options) {
  if (options.end_time_s && *options.end_time_s <= years)
    throw UsageError(Errc::bad_argument, "the twins meet again after 10 years: --end-time must be "
                                         "above 10");
  MySimulation simulation(options);
  const auto scope = simulation.set_up();
  Journey journeys[] = {Journey(0.6), Journey(0.8)};

  for (Journey& journey : journeys) {
    auto* home = new Home({0, 0}, journey);
    auto* traveller = new Traveller(*home, journey);
    home->channel_to_traveller = ChannelWriter(*home, *traveller);
    home->greet();
    traveller->depart();
  }

  const RunSummary summary = MySimulation::start(years + 1);

  if (options.digest_only) {
    std::cout << summary.digest.to_string() << '\n';
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
