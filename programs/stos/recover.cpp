#include "programs/stos/recover.hpp"

#include "actors/node/node_disk.hpp"
#include "programs/stos/arguments.hpp"

#include <filesystem>
#include <iostream>

namespace stos::program {
namespace {

using detail::NodeDisk;
using detail::NodeMemory;

std::string names_of(const std::vector<detail::View::Member>& members) {
  std::string names;
  for (const detail::View::Member& member : members)
    names += (names.empty() ? "" : ", ") + member.name;
  return names;
}

void print(const NodeMemory& memory, const std::vector<detail::View::Member>& others) {
  std::cout << "node " << memory.node << " of cluster " << memory.cluster << ", in "
            << memory.last.to_string() << '\n';
  for (const auto& [simulation, lineage] : memory.runs.under_way())
    std::cout << "run " << simulation << " is under way; it goes on from its latest cut in the "
              << "store of this node (snapshot.path), or else from its set-up\n";
  if (others.empty())
    return;
  std::cout << "without " << names_of(others) << ", this may be lost: later views, and that runs "
            << "have begun or ended since; cuts that lie on "
            << (others.size() == 1 ? "it" : "them")
            << " only. Nodes that still run or start again with their logs join as new ones.\n";
}

} // namespace

int recover(const std::vector<std::string>& words) {
  CLI::App app(
      "What a cluster goes on from that has no majority any more: the log of a node that is\n"
      "left, which does not run. Says what it is, and what may be lost; with --alone, the\n"
      "node is a cluster of its own when it starts again, and others can join it.\n\n"
      "Only if the other nodes are lost for good: if a majority of them still runs, there\n"
      "would be two clusters.",
      "stos recover");
  std::string folder;
  bool alone = false;
  app.add_option("folder", folder, "The node's cluster.log.")->type_name("DIR")->required();
  app.add_flag("--alone", alone, "Do it: this node alone is the cluster.");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto failed = [](const std::string& why) {
    std::cerr << "stos recover: error: " + why + "\n";
    return exit_failed;
  };
  std::error_code none;
  if (!std::filesystem::is_directory(folder, none))
    return failed(folder + " is no folder");
  Result<NodeDisk> disk = NodeDisk::open(folder);
  if (!disk)
    return failed(disk.error().context);
  const std::optional<NodeMemory> memory = disk->take_memory();
  if (!memory)
    return failed("cluster.log " + folder +
                  " has no view of a cluster: its node begins as a new one in any case");
  if (memory->has_left())
    return failed("node " + memory->node + " has left cluster " + memory->cluster +
                  ", as it was asked to: it joins as a new one");
  std::vector<detail::View::Member> others;
  for (const detail::View::Member& member : memory->last.members)
    if (member.id != memory->id)
      others.push_back(member);
  print(*memory, others);
  if (!alone) {
    std::cout << "nothing was changed; wanted: --alone\n";
    return 0;
  }
  if (const Result<void> kept = disk->persist(memory->alone()); !kept)
    return failed(kept.error().context);
  std::cout << "it is a cluster of its own now, when it starts again\n";
  return 0;
}

} // namespace stos::program
