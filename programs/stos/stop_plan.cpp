#include "programs/stos/stop_plan.hpp"

#include <csignal>

namespace stos::program {

void StopPlan::node_failed(double now_s) {
  if (stage_ != Stage::running)
    return;
  stage_ = Stage::grace;
  next_s_ = now_s + grace_s_;
}

void StopPlan::time_is_over(double now_s) {
  if (stage_ > Stage::grace)
    return;
  stage_ = Stage::grace;
  next_s_ = now_s;
}

int StopPlan::pass_on(int signal, double now_s) {
  if (signal == SIGINT && is_interrupted_) {
    stage_ = Stage::killed;
    next_s_.reset();
    return SIGKILL;
  }
  is_interrupted_ = is_interrupted_ || signal == SIGINT;
  if (asks_for_end(signal))
    node_failed(now_s);
  return signal;
}

bool StopPlan::asks_for_end(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

int StopPlan::take_due(double now_s) {
  if (!next_s_ || now_s < *next_s_)
    return 0;
  if (stage_ == Stage::grace) {
    stage_ = Stage::terminated;
    next_s_ = now_s + grace_s_;
    return SIGTERM;
  }
  stage_ = Stage::killed;
  next_s_.reset();
  return SIGKILL;
}

} // namespace stos::program
