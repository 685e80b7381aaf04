// A program that knows only the static functions of its simulation, and what may happen to it.

#include <libstos/stos.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

class Ball : public Agent<Ball, MySimulation> {
public:
  using Agent::Agent;

  ChannelWriter<Ball> other;

  void hit(bool fails) {
    if (fails && local_time() > 3)
      throw std::runtime_error("the ball has burst");
    other.send([](Ball& ball, bool bursts) { ball.hit(bursts); }, fails);
  }
};

static RunSummary run(double end_time, bool fails = false) {
  auto* a = new Ball({0, 0, 0, 0});
  auto* b = new Ball({0, 0, 0, 1});
  a->other = ChannelWriter(*a, *b);
  b->other = ChannelWriter(*b, *a);
  a->hit(fails);
  return MySimulation::start(end_time);
}

static int in_main(int argc, char** argv) {
  return run_main(argc, argv, "Has options, and does not hand them on.", [](const RunOptions&) {
    std::cout << run(10).absorbed << '\n';
    return 0;
  });
}

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "main")
    return in_main(argc - 1, argv + 1);
  if (what == "configured")
    MySimulation::configure({});
  if (what == "handler")
    std::set_terminate([] {
      std::cout << "my own end" << std::endl;
      std::_Exit(7);
    });
  if (what == "thrice") {
    for (const double end_time : {10, 20, 30})
      std::cout << run(end_time).absorbed << std::endl;
  } else if (what == "catch") {
    try {
      run(10, true);
    } catch (const SimulationError& problem) {
      std::cout << "caught: " << problem.what() << std::endl;
    } catch (const ConfigError& problem) {
      std::cout << "caught: " << problem.what() << std::endl;
    }
    return 0;
  } else if (what == "foreign") {
    run(10);
    throw std::runtime_error("not of libstos");
  } else {
    run(10, what == "burst" || what == "handler");
  }
  std::cout << "done" << std::endl;
}
