#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <typeindex>
#include <utility>

namespace stos {

class Processes;

/// What a coroutine returns that is a process of an agent: something that happens there over time,
/// written from its beginning to its end.
/// @code
///   Process customer(Bank& bank) {
///     Lease clerk = co_await bank.clerks.acquire();
///     co_await delay(bank.random().exponential(12));
///   } // the clerk is free again
/// @endcode
/// It is started by ProcessAgent::spawn(), and can wait for delay(), receive(), Resource, Store,
/// and for another process that it calls: `co_await greet(bank)`. Between two waits it is an event
/// of its agent like any other one.
///
/// Owns: the coroutine, until spawn() or co_await has it.
class Process {
public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Process(Process&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (handle_)
      handle_.destroy();
  }

  [[nodiscard]] auto operator co_await() &&;

private:
  friend class Processes;

  explicit Process(Handle handle) : handle_(handle) {}

  Handle handle_;
};

/// One wait of one process, by numbers that are the same in each run.
struct ProcessWait {
  std::uint64_t process = 0;
  std::uint64_t round = 0;
};

/// The processes of one agent. ProcessAgent is one; what processes wait for sees this of it.
///
/// Order:   a process that something has come for goes on in an event of its own, at the same time
///          (see Instant), in the order in which they were woken; never within the event that woke
///          it. So what wakes others need not fear that they change something under its hands.
/// Threads: those of its agent's events.
class Processes {
public:
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  /// The agent's own clock.
  [[nodiscard]] virtual double process_time() const = 0;

  /// Processes that have begun or will, and have not ended.
  [[nodiscard]] std::size_t processes() const { return all_.size(); }

  /// Its agent is being deleted: no process goes on any more.
  [[nodiscard]] bool has_ended() const { return has_ended_; }

  // For what processes wait for.

  /// The process whose coroutine this is now waits; it goes on at `handle`.
  [[nodiscard]] ProcessWait wait_at(Process::Handle handle);

  /// Lets it go on after `delay` of the agent's own clock, if it still waits for this.
  virtual void wake_after(double delay, ProcessWait wait) = 0;
  void wake(ProcessWait wait) { wake_after(0, wait); }

  /// What receive<T>() and deliver() share, one for each T; made when it is asked for.
  template <class Box>
  [[nodiscard]] Box& box() {
    std::shared_ptr<void>& box = boxes_[typeid(Box)];
    if (box == nullptr)
      box = std::make_shared<Box>(*this);
    return *static_cast<Box*>(box.get());
  }

protected:
  Processes() = default;
  ~Processes();

  void begin(Process process);
  void resume(ProcessWait wait);
  void end_all();

private:
  struct Running {
    Process process;
    Process::Handle at; // where it goes on: in itself, or in a process that it waits for
    std::uint64_t round = 0;
  };

  std::map<std::uint64_t, Running> all_;
  std::uint64_t begun_ = 0;
  bool has_ended_ = false;
  std::map<std::type_index, std::shared_ptr<void>> boxes_; // never gone through
};

struct Process::promise_type {
  Processes* host = nullptr;
  std::uint64_t number = 0;
  Handle caller; ///< the process that waits for this one, if one does
  std::exception_ptr failure;

  Process get_return_object() { return Process(Handle::from_promise(*this)); }
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  void return_void() const {}

  /// What the first process of a row throws, its agent's event does.
  void unhandled_exception() {
    if (!caller)
      throw;
    failure = std::current_exception();
  }

  struct BackToCaller {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(Handle ended) const noexcept {
      const Handle next = ended.promise().caller;
      return next ? std::coroutine_handle<>(next) : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] BackToCaller final_suspend() const noexcept { return {}; }
};

inline auto Process::operator co_await() && {
  struct UntilItEnds {
    Process process;

    [[nodiscard]] bool await_ready() const { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(Handle caller) const {
      promise_type& promise = process.handle_.promise();
      promise.host = caller.promise().host;
      promise.number = caller.promise().number;
      promise.caller = caller;
      return process.handle_;
    }
    void await_resume() const {
      if (process.handle_.promise().failure)
        std::rethrow_exception(process.handle_.promise().failure);
    }
  };
  return UntilItEnds{std::move(*this)};
}

/// `co_await delay(3)`: the process goes on when its agent's own clock has advanced by so much.
[[nodiscard]] inline auto delay(double duration) {
  struct Delay {
    double duration;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(Process::Handle handle) const {
      Processes& host = *handle.promise().host;
      host.wake_after(duration, host.wait_at(handle));
    }
    void await_resume() const {}
  };
  return Delay{duration};
}

} // namespace stos
