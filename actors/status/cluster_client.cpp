#include "actors/status/cluster_client.hpp"

#include "actors/messages/cluster_messages.hpp"
#include "actors/status/tool_config.hpp"
#include "actors/transport/connection_problem.hpp"
#include "actors/transport/gate.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace stos {

struct ClusterClient::Connection {
  Connection(NodeAddress to, double patience_s)
      : address(std::move(to)), patience(static_cast<std::int64_t>(patience_s * 1e9)),
        system(config), self(system) {}

  [[nodiscard]] Error failed(Errc code, const std::string& why) const {
    return {code, "node at " + to_string(address) + ": " + why};
  }

  [[nodiscard]] Result<void> open(const TlsOptions& tls, bool insecure, bool commands) {
    const detail::PeerKind kind = commands ? detail::PeerKind::command : detail::PeerKind::look;
    const Result<caf::actor> called =
        detail::call_node(system, address, tls, insecure, {kind, "stos"}, patience);
    if (!called)
      return failed(called.error().code, called.error().context);
    node = *called;
    return {};
  }

  template <class Answer, class Question>
  [[nodiscard]] Result<Answer> ask(Question question) {
    question.protocol = detail::NodeHello::current_protocol;
    std::optional<Error> problem;
    Answer answer;
    self->request(node, patience, std::move(question))
        .receive([&](Answer& heard) { answer = std::move(heard); },
                 [&](const caf::error& error) {
                   problem = failed(Errc::io_error, detail::connection_problem(error));
                 });
    if (problem)
      return *problem;
    if (answer.protocol != detail::NodeHello::current_protocol)
      return failed(Errc::bad_message, "it speaks version " + std::to_string(answer.protocol) +
                                           " of the nodes' protocol, this program version " +
                                           std::to_string(detail::NodeHello::current_protocol));
    return answer;
  }

  const NodeAddress address;
  const caf::timespan patience;
  detail::ToolConfig config;
  caf::actor_system system;
  caf::scoped_actor self;
  caf::actor node;
};

ClusterClient::ClusterClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

ClusterClient::~ClusterClient() = default;

Result<std::unique_ptr<ClusterClient>> ClusterClient::connect(const NodeAddress& address,
                                                              double patience_s,
                                                              const TlsOptions& tls, bool insecure,
                                                              bool commands) {
  auto connection = std::make_unique<Connection>(address, patience_s);
  if (Result<void> opened = connection->open(tls, insecure, commands); !opened)
    return opened.error();
  return std::unique_ptr<ClusterClient>(new ClusterClient(std::move(connection)));
}

Result<ClusterStatus> ClusterClient::status() {
  const auto answer = connection_->ask<detail::StatusAnswer>(detail::StatusQuestion{});
  if (!answer)
    return answer.error();
  BytesReader in(answer->status.data);
  Result<ClusterStatus> status = read_cluster_status(in);
  if (!status)
    return connection_->failed(Errc::bad_message, "it has sent " + status.error().context);
  return status;
}

Result<std::vector<std::byte>> ClusterClient::command(const std::string& simulation,
                                                      const std::string& command,
                                                      std::vector<std::byte> arguments) {
  auto answer = connection_->ask<detail::RunAnswer>(
      detail::RunCommand{0, simulation, command, {std::move(arguments)}});
  if (!answer)
    return answer.error();
  if (const std::optional<Error> error = detail::error_of(*answer))
    return connection_->failed(error->code, error->context);
  return std::move(answer->answer.data);
}

} // namespace stos
