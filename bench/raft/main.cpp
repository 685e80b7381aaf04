// How many entries a second three nodes agree on: Raft alone, each node a thread, frames as bytes
// from one to the next, in memory or with a write-ahead log that is synced.
//
// usage: stos_raft_bench [--seconds S] [--folder FOLDER] [--only
// GROUPS,IN_FLIGHT,BYTES,memory|fsync]
//
//   --seconds   for each line (default 1)
//   --folder    where the logs of `fsync` lie; a folder of this name is made and removed
//               (default: stos_raft_bench.logs)
//
// Prints one line for each: groups, commands in flight in each group, bytes of a command, commands
// a second that were applied at their leader, and how many of them one write to the disk has
// served.

#include "bench/raft/nodes.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::bench;

namespace {

struct Arguments {
  double seconds = 1;
  std::string folder = "stos_raft_bench.logs";
  std::string only;
};

int usage(const std::string& wrong) {
  std::fprintf(stderr, "stos_raft_bench: %s: see the head of bench/raft/main.cpp\n", wrong.c_str());
  return 2;
}

std::string name_of(const RaftLoad& load) {
  return std::to_string(load.groups) + ',' + std::to_string(load.in_flight) + ',' +
         std::to_string(load.command_bytes) + ',' + (load.folder.empty() ? "memory" : "fsync");
}

bool measure(RaftLoad load) {
  std::error_code ignored;
  if (!load.folder.empty())
    std::filesystem::remove_all(load.folder, ignored);
  const Result<RaftRate> rate = run_raft(load);
  if (!load.folder.empty())
    std::filesystem::remove_all(load.folder, ignored);
  if (!rate) {
    std::fprintf(stderr, "stos_raft_bench: %s\n", rate.error().context.c_str());
    return false;
  }
  std::printf("%-8s %6u %9u %6u %12.0f %12.1f\n", load.folder.empty() ? "memory" : "fsync",
              load.groups, load.in_flight, load.command_bytes, rate->commands_per_s,
              rate->commands_per_write);
  std::fflush(stdout);
  return true;
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc)
      return usage("'" + name + "' wants a value");
    if (name == "--seconds")
      arguments.seconds = std::strtod(argv[i + 1], nullptr);
    else if (name == "--folder")
      arguments.folder = argv[i + 1];
    else if (name == "--only")
      arguments.only = argv[i + 1];
    else
      return usage("'" + name + "' is no option");
  }
  if (!(arguments.seconds > 0))
    return usage("wanted a number of seconds");
  std::printf("%-8s %6s %9s %6s %12s %12s\n", "disk", "groups", "in flight", "bytes", "commands/s",
              "per write");
  for (const bool on_disk : {false, true})
    for (const std::uint32_t groups : {1u, 100u})
      for (const std::uint32_t in_flight : {1u, 16u, 1'000u})
        for (const std::uint32_t bytes : {16u, 256u}) {
          RaftLoad load{groups, in_flight, bytes, on_disk ? arguments.folder : "",
                        arguments.seconds};
          if (!arguments.only.empty() && name_of(load) != arguments.only)
            continue;
          if (!measure(std::move(load)))
            return 1;
        }
  return 0;
}
