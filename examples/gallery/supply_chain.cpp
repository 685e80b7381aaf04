// A supply chain in which orders vary more than what is sold (the bullwhip effect): each shop
// orders so that it has what it expects to sell in L days, by the mean of the last p days. The
// variance of its orders is 1 + 2 L / p + 2 L^2 / p^2 times that of what is ordered from it: F.
// Chen, Z. Drezner, J. Ryan and D. Simchi-Levi (2000), of demand without correlation.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr std::size_t days_remembered = 5; // p
constexpr double lead_days = 3;            // L

struct Shop : SynchronousAgent<Shop, MySimulation, double> {
  using SynchronousAgent::SynchronousAgent;
  bool is_customer = false;
  std::vector<double> demands; // of the last days, the latest one behind
  Tally orders;

  void step(const Inbox& ordered) {
    if (is_customer) {
      order(random().normal(100, 10));
    } else if (!ordered.empty()) {
      demands.push_back(ordered[0].message);
      if (demands.size() > days_remembered + 1)
        demands.erase(demands.begin());
      const double more = demands.back() - demands.front(); // than what it forgets
      order(demands.back() + lead_days / static_cast<double>(days_remembered) * more);
    }
  }
  void order(double goods) {
    if (step_number() > 50) // once all know what to expect
      orders.add(goods);
    tell_neighbours(goods);
  }

  ~Shop() override { report("variance", orders.variance()); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Shop& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("is_customer", x.is_customer),
                              f.field("demands", x.demands), f.field("orders", x.orders));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "A supply chain.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    Shop* before = nullptr;
    for (int i = 0; i < 4; ++i) {
      auto* shop = new Shop({0, 0.9 * i});
      shop->begin_steps({.period = 1});
      shop->is_customer = before == nullptr;
      if (before != nullptr)
        before->steps.neighbours.emplace_back(*before, *shop);
      before = shop;
    }
    const RunSummary summary = simulation.run(20'000);

    std::vector<double> variances;
    for (const auto& [agent, variance] : summary.reports.of<double>("variance"))
      variances.push_back(variance);
    const double per_day = lead_days / static_cast<double>(days_remembered);
    const double known = 1 + 2 * per_day + 2 * per_day * per_day;
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << "variance of orders: " << variances[0] << ", " << variances[1] << ", "
                << variances[2] << "; the first ratio " << variances[1] / variances[0]
                << ", by the formula " << known << '\n';
    return std::abs(variances[1] / variances[0] / known - 1) < 0.03 &&
                   variances[2] > known * variances[1]
               ? 0
               : 1;
  });
}
