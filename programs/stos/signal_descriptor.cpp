#include "programs/stos/signal_descriptor.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace stos::program {

SignalDescriptor::SignalDescriptor() {
  signal(SIGPIPE, SIG_IGN); // a reader that has gone away is no reason to die without our nodes
  signal(SIGCHLD, SIG_DFL); // ignored, nodes would end without a word
  sigset_t taken;
  sigemptyset(&taken);
  for (const int wanted : {SIGCHLD, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
                           SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU, SIGXFSZ})
    sigaddset(&taken, wanted);
  for (int real_time = SIGRTMIN; real_time <= SIGRTMAX; ++real_time)
    sigaddset(&taken, real_time);
  struct sigaction hangup {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) // nohup(1)
    sigaddset(&taken, SIGHUP);
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  descriptor_ = detail::Descriptor(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

int SignalDescriptor::take() const {
  signalfd_siginfo info{};
  return read(descriptor_.get(), &info, sizeof info) == sizeof info
             ? static_cast<int>(info.ssi_signo)
             : 0;
}

} // namespace stos::program
