#include "libstos/raft/configuration.hpp"

#include <algorithm>
#include <functional>

namespace stos::raft {
namespace {

bool has(const std::vector<NodeId>& nodes, NodeId node) {
  return std::binary_search(nodes.begin(), nodes.end(), node);
}

bool is_list(const std::vector<NodeId>& nodes) {
  return nodes.size() <= Configuration::members_max &&
         std::adjacent_find(nodes.begin(), nodes.end(), std::greater_equal<>()) == nodes.end() &&
         (nodes.empty() || nodes.front() != NodeId::none());
}

void write_nodes(const std::vector<NodeId>& nodes, BytesWriter& out) {
  out.varint(nodes.size());
  for (const NodeId node : nodes)
    out.varint(node.value);
}

std::vector<NodeId> read_nodes(BytesReader& in) {
  const std::size_t size = in.count(1);
  if (size > Configuration::members_max) {
    in.fail();
    return {};
  }
  std::vector<NodeId> nodes(size);
  for (NodeId& node : nodes)
    node = {in.varint()};
  return nodes;
}

void name(std::string& text, const char* what, const std::vector<NodeId>& nodes) {
  if (nodes.empty())
    return;
  text += text.empty() ? what : std::string(", ") + what;
  for (const NodeId node : nodes)
    text += ' ' + to_string(node);
}

} // namespace

bool Configuration::is_voter(NodeId node) const { return has(voters, node) || has(outgoing, node); }

bool Configuration::contains(NodeId node) const { return is_voter(node) || has(learners, node); }

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  all.insert(all.end(), outgoing.begin(), outgoing.end());
  all.insert(all.end(), learners.begin(), learners.end());
  return in_order(std::move(all));
}

bool Configuration::is_valid() const {
  const auto votes = [this](NodeId node) { return has(voters, node); };
  return !voters.empty() && is_list(voters) && is_list(outgoing) && is_list(learners) &&
         std::none_of(learners.begin(), learners.end(), votes);
}

std::string Configuration::to_string() const {
  std::string text;
  name(text, "voters", voters);
  name(text, "outgoing", outgoing);
  name(text, "learners", learners);
  return text;
}

std::vector<NodeId> in_order(std::vector<NodeId> nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

void write(const Configuration& configuration, BytesWriter& out) {
  write_nodes(configuration.voters, out);
  write_nodes(configuration.outgoing, out);
  write_nodes(configuration.learners, out);
}

Configuration read_configuration(BytesReader& in) {
  Configuration configuration;
  configuration.voters = read_nodes(in);
  configuration.outgoing = read_nodes(in);
  configuration.learners = read_nodes(in);
  if (!in.ok() || !configuration.is_valid()) {
    in.fail();
    return {};
  }
  return configuration;
}

} // namespace stos::raft
