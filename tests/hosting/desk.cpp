#include "actors/messages/agent_views.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <string>

using namespace stos;
using namespace stos::test;
using Catch::Contains;

namespace {

struct ToolOfDesk {
  ToolOfDesk() : agents(made_up_types(), options()), self(agents.system()) {
    REQUIRE(agents.put_quota("q", 2));
  }

  static RunOptions options() {
    RunOptions options;
    options.agents.token_every_s = 1'000;
    options.agents.tokens_max = 100;
    return options;
  }

  /// What a tool is told.
  std::string call(bool is_command, const keyed::Id& id, const std::string& name,
                   const std::string& json) {
    const detail::AgentCallOrder order{id, is_command, false, name, json, 5'000};
    std::string text;
    self->request(
            agents.host(), caf::infinite,
            detail::RunCommand{
                detail::NodeHello::current_protocol, {}, "agents.call", detail::encode(order)})
        .receive(
            [&text](const detail::RunAnswer& answer) {
              const auto& data = answer.answer.data;
              text = answer.code == 0
                         ? std::string(reinterpret_cast<const char*>(data.data()), data.size())
                         : "error: " + answer.why;
            },
            [](const caf::error& problem) { FAIL(to_string(problem)); });
    return text;
  }
  std::string command(const std::string& name, const std::string& json,
                      const std::string& key = "a") {
    return call(true, {"q", "ledger", key}, name, json);
  }
  std::string query(const std::string& name, const std::string& key = "a") {
    return call(false, {"q", "ledger", key}, name, "{}");
  }

  ReplicatedAgents agents;
  caf::scoped_actor self;
};

} // namespace

TEST_CASE_METHOD(ToolOfDesk, "people write commands and queries, and are told the reply",
                 "[hosting]") {
  CHECK(command("Append", R"({"text": "ab"})") == "{}");
  CHECK(command("stos::test::Append", R"({"text":"\u00e9"})") == "{}");
  CHECK(query("GetText") == "\"a:ab\xc3\xa9\"");
  CHECK(query("Get") == "0");
  CHECK(command("Leave", "{}") == "0");
}

TEST_CASE_METHOD(ToolOfDesk, "people are told why a command was not done", "[hosting]") {
  CHECK(query("Get") == "error: agent_not_found");
  CHECK(call(true, {"elsewhere", "ledger", "a"}, "Append", R"({"text":""})") ==
        "error: quota_not_found");
  CHECK(command("Append", R"({"text": 1})") ==
        "error: command Append: field text: wanted a text, got 1");
  CHECK(command("Append", "{}") == "error: command Append: field text is missing");
  CHECK(command("Append", R"({"text": "a", "more": [1]})") ==
        "error: command Append: there is no field more; wanted: text");
  CHECK_THAT(command("Append", R"({"text")"), Contains("error: this is no JSON behind its first"));
  CHECK_THAT(command("Append", R"({"text": "a", "text": "b"})"), Contains("is there twice"));
  CHECK_THAT(command("Append", std::string(1'000, '[')), Contains("deep within each other"));
  CHECK(command("Apend", "{}") ==
        "error: agents of type ledger have no command \"Apend\"; wanted: Add, Append, Throw, "
        "Leave, SetOnTick, AskContext");
  CHECK(query("Add") == "error: agents of type ledger have no query \"Add\"; wanted: Get, GetText");
  CHECK(call(true, {"q", "diary", "a"}, "Append", "{}") ==
        "error: there is no agent type \"diary\"");
  CHECK(command("Throw", "{}") == "error: failed: out of ink");
  CHECK(command("Append", R"({"text":""})", "") ==
        "error: bad_request: the key of a replicated agent is empty");
  CHECK(command("Append", R"({"text":""})", "b") == "{}");
  // The quota has allowed two: one whose callback has thrown was to be one of them.
  CHECK(command("Append", R"({"text":""})", "c") == "error: quota_limit_reached");
  std::string last;
  for (int n = 0; n < 40; ++n)
    last = command("Append", R"({"text":"x"})", "b");
  CHECK_THAT(last, Contains("error: rate_limit_reached: try again in ") && Contains(" ms"));
}
