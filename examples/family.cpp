// Births and deaths over generations.
//
// Each inhabitant has a child in the first and in the second year of life and dies in the third.
// So the births of a year are those of the two years before it taken together: Fibonacci's numbers.
// A registry one light-year away is told of every birth and death and so lives a year in the past;
// it also knows all of them by name, for an agent's id is a function of its mother's id and of how
// many children she had before.

#include "libstos/stos.hpp"

#include <cmath>
#include <iostream>
#include <set>
#include <vector>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

// What the registry knows. It reports that at its end, to main on whatever node.
struct Book {
  std::vector<std::uint64_t> births_of_year;
  std::set<AgentId> living;
  std::uint64_t deaths = 0;
  std::uint64_t wrong_entries = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Book& book) {
    return f.object(book).fields(f.field("births_of_year", book.births_of_year),
                                 f.field("living", book.living), f.field("deaths", book.deaths),
                                 f.field("wrong_entries", book.wrong_entries));
  }
};

class Registry : public Agent<Registry, MySimulation> {
public:
  using Agent::Agent;
  ~Registry() override { report("book", book_); }

  void born(AgentId child, AgentId expected) {
    const auto year = static_cast<std::size_t>(local_time() - 1);
    if (book_.births_of_year.size() <= year)
      book_.births_of_year.resize(year + 1);
    ++book_.births_of_year[year];
    book_.wrong_entries += child != expected || !book_.living.insert(child).second;
  }

  void died(AgentId id) {
    ++book_.deaths;
    book_.wrong_entries += book_.living.erase(id) != 1;
  }

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Registry& x) {
    return f.object(x).fields(f.field("book", x.book_));
  }

  Book book_;
};

class Person : public Agent<Person, MySimulation> {
public:
  ChannelWriter<Registry> registry;

  void live() {
    after(1, [](Person& self) { self.give_birth(); });
    after(2, [](Person& self) { self.give_birth(); });
    after(3, [](Person& self) { self.pass_away(); });
  }

private:
  // A child begins its life here and now. Until this event ends its mother arranges things for it:
  // she sets its timers, and introduces it to the registry.
  void give_birth() {
    auto* child = new Person;
    child->registry = ChannelWriter(*child, registry.target());
    child->registry.send([id = child->id(), expected = AgentId::child(id(), children_++)](
                             Registry& r) { r.born(id, expected); });
    child->live();
  }

  void pass_away() {
    registry.send([id = id()](Registry& r) { r.died(id); });
    die();
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Person& x) {
    return f.object(x).fields(f.field("registry", x.registry), f.field("children", x.children_));
  }

  std::uint64_t children_ = 0;
};

// The same history without agents: who is born in which year before `end`.
static std::vector<std::uint64_t> births_until(double end) {
  std::vector<std::uint64_t> births{1};
  for (std::size_t year = 1; static_cast<double>(year) < end; ++year)
    births.push_back(births[year - 1] + (year > 1 ? births[year - 2] : 0));
  return births;
}

// How many of them are `age` years old before `end`.
static std::uint64_t reach_age(double age, double end, const std::vector<std::uint64_t>& births) {
  std::uint64_t sum = 0;
  for (std::size_t year = 0; year < births.size() && static_cast<double>(year) + age < end; ++year)
    sum += births[year];
  return sum;
}

static bool as_expected(const Book& book, const RunSummary& run) {
  const auto births = births_until(run.end_time);
  const std::uint64_t heard_births = reach_age(1, run.end_time, births);
  const std::uint64_t heard_deaths = reach_age(4, run.end_time, births);
  std::uint64_t entries = 0;
  for (std::size_t year = 0; year < book.births_of_year.size(); ++year) {
    entries += book.births_of_year[year];
    if (book.births_of_year[year] != births[year])
      return false;
  }
  return entries == heard_births && book.deaths == heard_deaths &&
         book.living.size() == heard_births - heard_deaths && book.wrong_entries == 0 &&
         run.agents_born == 1 + reach_age(0, run.end_time, births) &&
         run.agents_died == reach_age(3, run.end_time, births) &&
         run.sent == run.absorbed + run.in_flight + run.dropped;
}

static int simulate(const RunOptions& options) {
  MySimulation simulation(options);
  const auto scope = simulation.set_up();

  auto* registry = new Registry({0, 1});
  auto* founder = new Person;
  founder->registry = ChannelWriter(*founder, *registry);
  founder->registry.send([id = founder->id()](Registry& r) { r.born(id, id); });
  founder->live();

  const RunSummary summary = MySimulation::start(20);
  const Book book = summary.reports.of<Book>("book").at(0).second;

  if (options.digest_only) {
    std::cout << summary.digests() << '\n';
  } else {
    std::cout << "births in each year, as far as the registry has heard:\n ";
    for (const std::uint64_t births : book.births_of_year)
      std::cout << ' ' << births;
    std::cout << "\nalive, as it thinks: " << book.living.size() << "\n\n" << summary.to_string();
  }
  if (as_expected(book, summary))
    return 0;
  std::cerr << "family: births, deaths and ids are not those of Fibonacci's family\n";
  return 1;
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "Births and deaths in Fibonacci's family, year by year.", simulate);
}
