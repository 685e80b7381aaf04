#include "libstos/causal/lambda.hpp"

#include <algorithm>

namespace stos {

double place_on(const Trajectory& path, Lambda& lambda, const Space& space) {
  switch (lambda.kind) {
    case Lambda::Kind::timer:
      return std::max({path.laboratory_time(lambda.due), lambda.emission[0], path.anchor()[0]});
    case Lambda::Kind::outside:
    case Lambda::Kind::date: return std::max(lambda.emission[0], path.anchor()[0]);
    case Lambda::Kind::channel: break;
  }
  if (lambda.via->has_course())
    lambda.via->course().heard_at(lambda.emission[0]);
  double& last = lambda.via->last_absorption;
  last = std::max(last, light_cone::absorption_time(lambda.emission, path, space));
  return last;
}

} // namespace stos
