#include "programs/stos/cluster_access.hpp"

#include "config/spelling.hpp"
#include "config/values.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/key_options.hpp"

#include <algorithm>
#include <iostream>

namespace stos::program {

std::vector<NodeAddress> ClusterAccess::nodes_to_ask() const {
  return nodes.empty() ? std::vector<NodeAddress>(1) : nodes;
}

void add_cluster_access(CLI::App& app, ClusterAccess& access) {
  const auto set = [&access](const std::vector<std::string>& texts) {
    for (const std::string& list : texts)
      for (const std::string& text : detail::split_list(list)) {
        const Result<NodeAddress> address = detail::parse_address(text, 1);
        if (!address)
          throw CLI::ValidationError("--node: " + address.error().context +
                                     "; allowed: cluster.address of a node that runs");
        access.nodes.push_back(*address);
      }
  };
  app.add_option_function<std::vector<std::string>>(
         "--node", set,
         "cluster.address of any node, or of several, with commas; the others are asked when it "
         "does not answer. Default: " +
             to_string(NodeAddress{}))
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  add_duration(app, "--timeout", access.patience_s, 0.1, 3600,
               "Time that a node has for an answer; default: 5 s.");
  add_keys(app, access.tls, access.insecure);
}

int failed(const CLI::App& app, const std::string& text) {
  std::cerr << app.get_name() + ": error: " + text + "\n" << std::flush;
  return exit_failed;
}

int dispatch_word(const std::string& subcommand, const std::string& meaning,
                  const std::vector<Word>& table, const std::vector<std::string>& words) {
  const auto print_help = [&](std::ostream& out) {
    out << meaning + "\n\nusage: stos " + subcommand + " WORD ...   (stos " + subcommand +
               " WORD --help tells more)\n\n";
    std::size_t columns = 0;
    for (const Word& word : table)
      columns = std::max(columns, word.name.size());
    for (const Word& word : table)
      out << "  " << word.name << std::string(columns + 2 - word.name.size(), ' ') << word.meaning
          << '\n';
  };
  if (words.empty()) {
    print_help(std::cerr);
    return exit_bad_usage;
  }
  if (words.front() == "--help" || words.front() == "-h" || words.front() == "help") {
    print_help(std::cout);
    return 0;
  }
  std::vector<std::string> known;
  for (const Word& word : table) {
    if (word.name == words.front())
      return word.run({words.begin() + 1, words.end()});
    known.emplace_back(word.name);
  }
  std::cerr << "stos " + subcommand + ": error: unknown word " << detail::quote(words.front())
            << detail::spelling_hint(words.front(), known) << std::endl;
  return exit_bad_usage;
}

} // namespace stos::program
