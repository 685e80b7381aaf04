// Lambdas of all kinds, which compilers name and number each in its own way, with data of many
// shapes: whoever has compiled it, this program prints one digest and one value digest.

#include <libstos/stos.hpp>

#include <array>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

using Simulation = stos::ForwardSimulation<stos::Minkowski<3>, stos::ThreadPool<0>>;

struct Loose { // with padding
  char kind;
  double weight;
  bool heavy;
};

class Clerk : public stos::Agent<Clerk, Simulation> {
public:
  using Agent::Agent;
  ~Clerk() override { report("heard", heard); }

  void in_class() {
    next.send([n = heard](Clerk& other) { other.heard += n + 1; });
    after(0.3, [](Clerk& self) { self.out_of_class(); });
  }
  void out_of_class();

  template <class T>
  void in_template(const T& value) {
    next.send([value](Clerk& other) { other.take(value); });
    next.send([](Clerk& other, const T& x) { other.take(x); }, value);
  }

  template <class T>
  void take(const T& value) {
    heard += static_cast<std::uint64_t>(value) % 1000;
  }

  stos::ChannelWriter<Clerk> next;
  std::uint64_t heard = 0;
};

namespace {

struct Functor {
  std::uint16_t count;
  void operator()(Clerk& clerk, char c) const {
    clerk.heard += count + static_cast<std::uint64_t>(c);
  }
};

constexpr auto generic = [](Clerk& clerk, const auto& x) { clerk.heard += sizeof(x) + 1; };

void in_unnamed_namespace(Clerk& clerk) {
  clerk.next.send(generic, 1);
  clerk.next.send(generic, 1.5);
  clerk.next.send(generic, std::string("a text that is long enough for the heap"));
  clerk.next.send(generic, std::optional<double>(clerk.random().uniform()));
  clerk.next.send(generic, std::vector<Loose>(2, {'v', 0.125, false}));
}

} // namespace

static void in_static_function(Clerk& clerk) {
  const Loose loose{'x', clerk.random().uniform(), true};
  clerk.next.send([loose](Clerk& other) {
    other.take(loose.weight * 100);
    const auto nested = [loose](Clerk& again) {
      again.after(0.1, [c = loose.kind, w = loose.weight](Clerk& self) {
        self.take(c);
        self.take(w * 10);
      });
    };
    nested(other);
  });
  clerk.next.send(Functor{7}, 'c');
  clerk.next.send([](Clerk& other, Loose l) { other.take(l.weight); }, loose);
}

void Clerk::out_of_class() {
  const auto inner = [this](int i) {
    next.send([i, f = 0.5f, a = std::array<short, 3>{1, 2, 3}](Clerk& other) {
      other.take(f * 100 + static_cast<float>(a[1] * i));
    });
  };
  inner(1);
  inner(2);
  in_template(3);
  in_template(2.5);
  in_template('x');
  in_static_function(*this);
  in_unnamed_namespace(*this);
  after(0.7, [](Clerk& self) { self.in_class(); });
}

int main() {
  for (const std::uint32_t workers : {0u, 2u}) {
    stos::RunOptions options;
    options.workers = workers;
    options.values = true;
    options.progress = stos::ProgressMode::never;
    Simulation simulation(options);
    {
      const auto scope = simulation.set_up();
      std::vector<Clerk*> clerks;
      for (int i = 0; i < 7; ++i)
        clerks.push_back(new Clerk({0, 0.3 * i, 0.1 * i * i}, stos::Velocity<3>(0.01 * i, -0.02)));
      for (std::size_t i = 0; i < clerks.size(); ++i) {
        clerks[i]->next = stos::ChannelWriter(*clerks[i], *clerks[(i + 1) % clerks.size()]);
        clerks[i]->after(0.1, [](Clerk& self) { self.in_class(); });
      }
    }
    const stos::RunSummary summary = simulation.run(50);
    std::cout << summary.digests() << ' ' << summary.absorbed << '\n';
  }
}
