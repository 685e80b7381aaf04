// The `stos` command: each subcommand is a file of its own, see subcommand.hpp.

#include "programs/stos/subcommand.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  try {
    return stos::program::dispatch({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& problem) {
    std::cerr << "stos: error: " << problem.what() << std::endl;
    return 1;
  }
}
