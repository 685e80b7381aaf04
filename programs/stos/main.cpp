// The `stos` command: each subcommand is a file of its own, see subcommand.hpp.

#include "config/program.hpp"
#include "programs/stos/subcommand.hpp"

int main(int argc, char** argv) {
  stos::detail::open_standard_descriptors();
  int exit_code = stos::detail::exit_success;
  try {
    exit_code = stos::program::dispatch({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (...) {
    exit_code = stos::detail::explain_exception("stos");
  }
  return stos::detail::finish_standard_output("stos", exit_code);
}
