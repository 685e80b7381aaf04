#include "libstos/service/keyed/answer.hpp"

#include <array>

namespace stos::keyed {
namespace {

constexpr std::array<std::string_view, 16> names = {"done",
                                                    "failed",
                                                    "agent_not_found",
                                                    "quota_not_found",
                                                    "quota_limit_reached",
                                                    "rate_limit_reached",
                                                    "no_leader",
                                                    "timeout",
                                                    "bad_request",
                                                    "locked",
                                                    "aborted",
                                                    "not_leader",
                                                    "moved",
                                                    "session_expired",
                                                    "check_quota",
                                                    "try_later"};
static_assert(names.size() == static_cast<std::size_t>(Outcome::try_later) + 1);

} // namespace

std::string_view to_string(Outcome outcome) { return names[static_cast<std::size_t>(outcome)]; }

void write(const Answer& answer, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(answer.outcome));
  out.varint(answer.number);
  out.text(answer.text);
  out.varint(answer.reply.size());
  out.raw(answer.reply);
}

Answer read_answer(BytesReader& in) {
  Answer answer;
  const std::uint8_t outcome = in.u8();
  if (outcome >= names.size()) {
    in.fail();
    return answer;
  }
  answer.outcome = static_cast<Outcome>(outcome);
  answer.number = in.varint();
  answer.text = in.text();
  const std::span<const std::byte> reply = in.raw(in.count(1));
  answer.reply.assign(reply.begin(), reply.end());
  return answer;
}

} // namespace stos::keyed
