// What a program writes whose global locale has a decimal comma and groups digits: with "plain" as
// its argument, it sets none.

#include <libstos/stos.hpp>

#include <clocale>
#include <iostream>
#include <locale>
#include <string>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

class Clock : public Agent<Clock, MySimulation> {
public:
  using Agent::Agent;

  ChannelWriter<Clock> other;

  void tick() {
    other.send([](Clock& clock) { clock.heard += 0.5; });
    after(0.125, [](Clock& clock) { clock.tick(); });
  }

private:
  double heard = 0;
};

struct German : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

static void set_locale() {
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "da_DK.UTF-8"})
    if (std::setlocale(LC_ALL, name) != nullptr)
      break;
  std::locale::global(std::locale(std::locale(), new German));
}

int main(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]) != "plain")
    set_locale();
  auto* a = new Clock({0, 0});
  auto* b = new Clock({0, 1234567.125}, Velocity<2>(-0.5));
  a->other = ChannelWriter(*a, *b);
  b->other = ChannelWriter(*b, *a);
  a->tick();
  b->tick();
  try {
    a->after(-1234.5, [](Clock&) {});
  } catch (const UsageError& problem) {
    std::cout << problem.what() << std::endl;
  }
  MySimulation::start(200.25);
}
