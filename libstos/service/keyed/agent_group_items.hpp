#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/service/keyed/agent_group.hpp"

#include <cstdint>
#include <string>
#include <utility>

/// What the sources of AgentGroup have in common.
namespace stos::keyed::detail {

/// With which its items begin.
enum class Item : std::uint8_t {
  command = 1,
  tick,
  seal,
  adopt,
  release,
  remove_quota,
  transact,
  decide,
  finish,
  confirm
};

inline BytesWriter& begin(BytesWriter& out, Item item) {
  out.u8(static_cast<std::uint8_t>(item));
  return out;
}

inline Answer bad(std::string text) {
  return Answer::refused(Outcome::bad_request, 0, std::move(text));
}

inline Answer answer_of(Called called) {
  switch (called.how) {
    case Called::How::returned: return {Outcome::done, 0, {}, std::move(called.reply)};
    case Called::How::has_thrown:
      return Answer::refused(Outcome::failed, 0, std::move(called.text));
    case Called::How::is_no_call: break;
  }
  return bad(std::move(called.text));
}

inline Answer answer_of(Activation activation) {
  switch (activation) {
    case Activation::quota_not_found: return Answer::refused(Outcome::quota_not_found);
    case Activation::quota_limit_reached: return Answer::refused(Outcome::quota_limit_reached);
    case Activation::unchecked:
    case Activation::allowed: break;
  }
  return Answer::refused(Outcome::check_quota);
}

} // namespace stos::keyed::detail
