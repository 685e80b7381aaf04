#include "bench/stos_bench/child_process.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

namespace stos::bench {
namespace {

Error system_error(const char* call) {
  return {Errc::io_error, std::string(call) + ": " + std::strerror(errno)};
}

// Returns the exit code of the child.
int run_and_write(int pipe_end, std::span<std::byte> result, const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& problem) {
    std::cerr << "stos_bench: " << problem.what() << std::endl;
    return 1;
  }
  // Less than what a pipe takes at once.
  const ssize_t written = write(pipe_end, result.data(), result.size());
  return written == static_cast<ssize_t>(result.size()) ? 0 : 1;
}

bool read_all(int pipe_end, std::span<std::byte> result) {
  while (!result.empty()) {
    const ssize_t size = read(pipe_end, result.data(), result.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return false;
    result = result.subspan(static_cast<std::size_t>(size));
  }
  return true;
}

} // namespace

Result<void> detail::fill_in_child(std::span<std::byte> result, const std::function<void()>& body) {
  int ends[2];
  if (pipe(ends) != 0)
    return system_error("pipe");
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0)
    return system_error("fork");
  if (child == 0) {
    close(ends[0]);
    const int code = run_and_write(ends[1], result, body);
    _exit(code); // without what the parent has registered for its own exit
  }
  close(ends[1]);
  const bool complete = read_all(ends[0], result);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return Error{Errc::io_error,
                 "the run was killed by signal " + std::to_string(WTERMSIG(status))};
  if (!complete || status != 0)
    return Error{Errc::io_error, "the run failed"};
  return {};
}

std::size_t resident_bytes() {
  std::size_t all_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t resident_bytes_max() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

} // namespace stos::bench
