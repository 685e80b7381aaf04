#include "programs/stos/run.hpp"

#include "programs/stos/launch_options.hpp"
#include "programs/stos/launcher.hpp"

#include <cstdlib>
#include <iostream>

namespace stos::program {

int run(const std::vector<std::string>& words) {
  const Parsed<LaunchOptions> options =
      parse_launch(words, std::getenv("STOS_MONITORING_ADDRESS"), std::cout, std::cerr);
  return options.value ? launch(*options.value) : options.exit_code;
}

} // namespace stos::program
