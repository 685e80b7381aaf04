// Cuts of worlds that ordinary actors have to do with.

#include "actors/messages/luggage.hpp"
#include "actors/messages/outside_message.hpp"
#include "libstos/base/bytes.hpp"
#include "libstos/stos.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/system_messages.hpp>
#include <catch2/catch.hpp>

#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace stos;
using stos::detail::Closure;
using stos::detail::OutsideMessage;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

class Stopwatch : public Agent<Stopwatch, Simulation> {
public:
  Stopwatch() = default;
  explicit Stopwatch(const Minkowski<4>& position, caf::actor friend_of_it = {})
      : Agent(position), friend_(std::move(friend_of_it)) {}

  void tick() {
    ++seconds;
    after(1, [](Stopwatch& watch) { watch.tick(); });
  }

  caf::behavior make_behavior() {
    return {[this](std::int64_t added) {
      seconds += added;
      return seconds;
    }};
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Stopwatch& x) {
    return f.object(x).fields(f.field("seconds", x.seconds), f.field("friend", x.friend_));
  }

  std::int64_t seconds = 0;

private:
  caf::actor friend_;
};

struct System {
  System() {
    init_caf_types();
    config.set("caf.scheduler.max-threads", std::size_t{2});
  }
  caf::actor_system_config config;
};

RunOptions quiet() {
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  return options;
}

// The lambda of a message that waits, and what becomes of it as bytes.
struct Waiting {
  explicit Waiting(caf::message content)
      : lambda(detail::make_response(
            {AgentId{7},
             caf_version::make_element(nullptr, caf::make_message_id(), std::move(content))})) {}
  ~Waiting() { discard(lambda, nullptr); }

  std::vector<std::byte> saved() {
    BytesWriter out;
    lambda.ops->save(lambda, out);
    return out.ok() ? out.take() : std::vector<std::byte>();
  }
  caf::message content() { return detail::message_of(lambda)->take()->payload; }

  Closure& lambda;
};

} // namespace

TEST_CASE("a message that waits stands in a cut with what it says, and goes on waiting") {
  System setup;
  const caf::actor_system system(setup.config);
  Waiting waiting(caf::make_message(std::string("how late is it"), std::int64_t{12}));
  const std::vector<std::byte> bytes = waiting.saved();
  REQUIRE_FALSE(bytes.empty());
  CHECK(waiting.saved() == bytes);

  BytesReader in(bytes);
  Closure* again = waiting.lambda.ops->load(nullptr, in);
  REQUIRE(again != nullptr);
  CHECK(in.at_end());
  const caf::message said = detail::message_of(*again)->take()->payload;
  CHECK(caf::to_string(said) == caf::to_string(waiting.content()));
  CHECK(said.match_elements<std::string, std::int64_t>());
  discard(*again, nullptr);

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BytesReader part(std::span<const std::byte>(bytes).first(size));
    CHECK(waiting.lambda.ops->load(nullptr, part) == nullptr);
  }
}

TEST_CASE("what only lives in this process is nothing for a cut, but for who has ended an agent") {
  System setup;
  caf::actor_system system(setup.config);
  const caf::scoped_actor self(system);
  const auto handle = caf::actor_cast<caf::actor>(self.ptr());
  CHECK(Waiting(caf::make_message(handle)).saved().empty());
  CHECK_FALSE(Waiting(caf::make_message(caf::exit_msg{self.address(), caf::exit_reason::kill}))
                  .saved()
                  .empty());
}

TEST_CASE("no request is lost while the world is cut again and again") {
  System setup;
  caf::actor_system system(setup.config);
  caf::scoped_actor self(system);
  RunOptions options = quiet();
  options.snapshot.path = "memory:asked";
  options.snapshot.keep = 1;
  options.snapshot.every = {1e-4, true};
  Simulation simulation(options, ThreadPool<2>(system));
  caf::actor handles[2];
  {
    const auto scope = simulation.set_up();
    for (int i = 0; i < 2; ++i) {
      auto* watch = new Stopwatch({0, 0, 0, i * 0.5}, caf::actor_cast<caf::actor>(self.ptr()));
      watch->tick();
      handles[i] = actor_handle(*watch);
    }
  }
  RunSummary summary;
  std::thread run([&] { summary = simulation.run(1e15); });
  constexpr std::chrono::seconds patience{60};
  int answered = 0;
  for (int i = 0; i < 2000; ++i)
    self->request(handles[i % 2], patience, std::int64_t{1})
        .receive([&answered](std::int64_t) { ++answered; },
                 [](const caf::error& e) { FAIL_CHECK(caf::to_string(e)); });
  for (const caf::actor& handle : handles)
    self->send_exit(handle, caf::exit_reason::user_shutdown);
  run.join();
  CHECK(answered == 2000);
  CHECK_FALSE(summary.cuts.empty());
}

TEST_CASE("agents with handles of ordinary actors can stand still; the handles are gone then") {
  System setup;
  caf::actor_system system(setup.config);
  const caf::scoped_actor self(system);
  const auto state_at_5 = [&](const caf::actor& handle) {
    Simulation simulation(quiet(), ThreadPool<2>(system));
    {
      const auto scope = simulation.set_up();
      (new Stopwatch({0, 0, 0, 0}, handle))->tick();
    }
    const CutRecord cut = simulation.run_to(5);
    CHECK(simulation.run(10).is_complete);
    return cut.state_digest;
  };
  CHECK(state_at_5(caf::actor_cast<caf::actor>(self.ptr())) == state_at_5({}));
}
