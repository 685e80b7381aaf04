#include "actors/run_actor.hpp"

#include "actors/caf_types.hpp"
#include "libstos/cluster/live_status.hpp"

#include <algorithm>

namespace stos::detail {

RunActor::RunActor(caf::actor_config& config, std::shared_ptr<RunState> state)
    : caf::event_based_actor(config), state_(std::move(state)) {}

caf::behavior RunActor::make_behavior() {
  return {
      [this](FrameMessage& message) { receive(message); },
      [this](TickMessage) { run_gateway(); },
      [this](TickMessage, std::uint64_t timer) {
        if (timer == timer_ && begun_)
          state_->gateway->wake();
      },
      [this](BeginMessage) { begin(); },
      [this](LookMessage) { look(); },
      [](const RunCommand& command) {
        return refusal({Errc::bad_argument, "a run knows no command " + command.command});
      },
      [this](FarewellMessage& message) { hear_farewell(message); },
      [this](const FarewellReceipt& receipt) {
        const std::lock_guard lock(state_->mutex);
        state_->receipts.insert(receipt.from);
        state_->changed.notify_all();
      },
      [this](const AbortMessage& message) {
        if (static_cast<Errc>(message.code) == Errc::node_lost) {
          const std::lock_guard lock(state_->mutex);
          state_->gone = message.from;
        }
        abort({static_cast<Errc>(message.code), message.why}, false);
      },
      [this](EndMessage) {
        begun_ = false;
        state_->gateway.reset();
        const std::lock_guard lock(state_->mutex);
        state_->runs.clear();
        state_->ended = true;
        state_->changed.notify_all();
        quit();
      },
  };
}

void RunActor::begin() {
  begun_ = true;
  if (aborted_)
    state_->gateway->abandon();
  for (FrameMessage& message : early_)
    receive(message);
  early_.clear();
}

void RunActor::receive(FrameMessage& message) {
  if (!begun_) {
    early_.push_back(std::move(message));
    return;
  }
  if (message.from < state_->runs.size() && message.from != state_->own_index)
    state_->gateway->receive(message.from, std::move(message.frame.data));
}

// A receipt is for the farewells of all: whoever has those of all others may leave, and keeps
// nobody waiting for what a node has said that is gone.
void RunActor::hear_farewell(FarewellMessage& message) {
  if (!begun_ || message.from >= state_->runs.size() || message.from == state_->own_index)
    return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->outcomes[message.from] = std::move(message.outcome);
    state_->changed.notify_all();
    if (state_->outcomes.size() + 1 < state_->runs.size())
      return;
  }
  for (std::size_t i = 0; i < state_->runs.size(); ++i)
    if (i != state_->own_index)
      send(state_->runs[i], FarewellReceipt{static_cast<std::uint32_t>(state_->own_index)});
}

void RunActor::run_gateway() {
  if (!begun_)
    return;
  const double now_s = std::chrono::duration<double>(Clock::now() - started_).count();
  Gateway::Output output;
  const Result<Gateway::Slice> slice = state_->gateway->run(now_s, output);
  send_frames(output);
  if (!slice) {
    abort(slice.error(), true);
    send(this, TickMessage{}); // the gateway is still awake
    return;
  }
  if (*slice == Gateway::Slice::finished && !std::exchange(over_, true)) {
    const std::lock_guard lock(state_->mutex);
    state_->gateway->count(state_->network);
    state_->over = true;
    state_->changed.notify_all();
  }
  if (*slice == Gateway::Slice::more)
    send(this, TickMessage{});
  ++timer_;
  if (*slice == Gateway::Slice::parked && output.wake_at_s) {
    const double delay_s = std::max(*output.wake_at_s - now_s, 0.0);
    delayed_send(this, std::chrono::nanoseconds(static_cast<std::int64_t>(delay_s * 1e9)),
                 TickMessage{}, timer_);
  }
}

// For those who watch the run.
void RunActor::look() {
  if (!begun_)
    return;
  const std::lock_guard lock(state_->mutex);
  describe(*state_->gateway, state_->names, state_->own_index, state_->credit_bytes,
           state_->network_seen);
}

void RunActor::send_frames(Gateway::Output& output) {
  for (Gateway::Frame& frame : output.frames)
    send(state_->runs[frame.node], FrameMessage{static_cast<std::uint32_t>(state_->own_index),
                                                Bytes{std::move(frame.bytes)}});
}

void RunActor::abort(const Error& why, bool tell_others) {
  if (std::exchange(aborted_, true))
    return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->aborted = why;
    state_->changed.notify_all();
  }
  if (!begun_ || over_)
    return;
  if (tell_others)
    for (std::size_t i = 0; i < state_->runs.size(); ++i)
      if (i != state_->own_index)
        send(state_->runs[i], AbortMessage{static_cast<std::uint32_t>(state_->own_index),
                                           static_cast<std::uint8_t>(why.code), why.context});
  state_->gateway->abandon();
}

} // namespace stos::detail
