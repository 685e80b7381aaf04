#pragma once

#include "libstos/service/coordination/coordination_counts.hpp"
#include "libstos/service/jobs/job_counts.hpp"

#include <string>

namespace stos {

/// What can be seen of the services that each node of a cluster has, at one moment.
struct ServiceCounts {
  std::string node;
  jobs::JobCounts jobs;
  coordination::CoordinationCounts coordination;

  friend bool operator==(const ServiceCounts&, const ServiceCounts&) = default;
};

} // namespace stos
