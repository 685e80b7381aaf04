// A rumour on a ring of people: after 20 seconds the world stands still, and goes on a hundred
// times.
//
// Each future draws its luck anew. In one more of them a person is told to keep quiet, and those
// who have heard it from her already go on telling. The past is run once.

#include "libstos/stos.hpp"

#include <algorithm>
#include <iostream>
#include <vector>

using namespace stos;

using Village = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

class Person : public Agent<Person, Village> {
public:
  using Agent::Agent;
  ~Person() override {
    if (knows)
      report("knows", id().value);
  }

  void live() {
    after(1, [](Person& self) {
      if (self.knows && !self.keeps_quiet && self.random().bernoulli(0.4))
        self.neighbours[self.random().below(2)].send([](Person& other) { other.knows = true; });
      if (self.random().bernoulli(0.15))
        self.knows = false; // forgotten
      self.live();
    });
  }

  bool knows = false;
  bool keeps_quiet = false;
  std::vector<ChannelWriter<Person>> neighbours;

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Person& x) {
    return f.object(x).fields(f.field("knows", x.knows), f.field("keeps_quiet", x.keeps_quiet),
                              f.field("neighbours", x.neighbours));
  }
};

static int simulate(const RunOptions& options) {
  constexpr std::size_t people = 100;
  constexpr double now = 20, later = 60;
  constexpr std::uint64_t futures = 100;

  Village village(options);
  std::vector<Person*> ring;
  {
    const auto scope = village.set_up();
    for (std::size_t i = 0; i < people; ++i)
      ring.push_back(new Person({0, 0.1 * static_cast<double>(i), 0}));
    for (std::size_t i = 0; i < people; ++i) {
      for (const std::size_t next : {(i + 1) % people, (i + people - 1) % people})
        ring[i]->neighbours.emplace_back(*ring[i], *ring[next]);
      ring[i]->knows = i % 20 == 0;
      ring[i]->live();
    }
  }
  const AgentId gossip = ring[0]->id();

  const CutRecord present = village.run_to(now);
  RunDigest all;
  std::vector<std::size_t> who_know;
  RunOptions luck = options;
  for (luck.seed = 1; luck.seed <= futures; ++luck.seed) {
    const RunSummary summary = village.fork(luck).run(later);
    all.add_hash(summary.digest.value());
    who_know.push_back(summary.reports.of<std::uint64_t>("knows").size());
  }
  Village quiet = village.fork();
  quiet.inject<Person>(gossip, [](Person& person) { person.keeps_quiet = true; });
  const RunSummary what_if = quiet.run(later);
  all.add_hash(what_if.digest.value());

  if (options.digest_only) {
    std::cout << all.to_string() << '\n';
    return 0;
  }
  std::ranges::sort(who_know);
  std::cout << "at " << now << " s the world is in state " << present.state_digest.to_string()
            << "\nat " << later << " s, of " << people << " people know it, in " << futures
            << " futures: " << who_know.front() << " to " << who_know.back() << ", mostly about "
            << who_know[futures / 2] << "\nif agent " << gossip.value
            << " keeps quiet from now on: " << what_if.reports.of<std::uint64_t>("knows").size()
            << "\n\ndigest of all futures  " << all.to_string() << '\n';
  return 0;
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "A hundred futures of one present.", simulate);
}
