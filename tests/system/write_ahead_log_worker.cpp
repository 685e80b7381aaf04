// Appends made-up entries to a write-ahead log, and checks what is in one.
// tests/system/write_ahead_log.sh runs it.
//
// usage: write_ahead_log_worker write FOLDER LAST
//          Appends entries of three groups up to number LAST, each with an fsync, from where the
//          log ends. Prints "written N" for each.
//        write_ahead_log_worker check FOLDER
//          Reads the log; what is in it must be as write makes it. Prints "right N".
//        write_ahead_log_worker kill FOLDER TIMES SEED
//          So many times: a child process appends and is killed at a random moment; then all that
//          it has been told that is written must be there.
//
// Status 1, with a line "error: ...", if anything is wrong.

#include "libstos/base/random.hpp"
#include "store/write_ahead_log.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::raft;

namespace {

constexpr std::uint64_t groups = 3;
constexpr std::uint64_t between_snapshots = 50;

int failed(const std::string& text) {
  std::cout << "error: " << text << std::endl;
  return 1;
}

Result<WriteAheadLog> opened(const std::string& path) {
  Result<std::unique_ptr<LogFolder>> folder = FileLogFolder::open(path, 10);
  if (!folder)
    return folder.error();
  WriteAheadLogLimits limits;
  limits.segment_bytes = 20'000;
  return WriteAheadLog::open(*std::move(folder), limits);
}

std::vector<std::byte> data_of(std::uint64_t group, std::uint64_t index) {
  RandomStream random(1'000'000 * group + index);
  std::vector<std::byte> data(random.below(400));
  for (std::byte& byte : data)
    byte = std::byte(random.below(256));
  return data;
}

/// The last entry of the group, if all are as they have to be.
Result<std::uint64_t> last_of(std::uint64_t group, const Recovered& state) {
  std::uint64_t last = 0;
  if (state.snapshot) {
    last = state.snapshot->last.index.value;
    if (state.snapshot->data != data_of(group, last))
      return Error{Errc::io_error, "another snapshot than was written"};
  }
  for (const EntryPtr& entry : state.entries)
    if (entry->index.value != ++last || entry->data != data_of(group, last))
      return Error{Errc::io_error, "another entry than was written"};
  if (state.hard_state.term.value != last)
    return Error{Errc::io_error, "another term than was written"};
  return last;
}

Result<std::uint64_t> last_of_all(const WriteAheadLog& log) {
  std::uint64_t last = 0;
  for (std::uint64_t group = 1; group <= groups; ++group) {
    const auto at = log.state().find({group});
    const Result<std::uint64_t> own =
        at == log.state().end() ? Result<std::uint64_t>(0) : last_of(group, at->second);
    if (!own)
      return own;
    if (group > 1 && *own != last)
      return Error{Errc::io_error, "groups that were written together differ"};
    last = *own;
  }
  return last;
}

std::vector<detail::LogChange> changes_up_to(std::uint64_t index) {
  std::vector<detail::LogChange> changes;
  for (std::uint64_t group = 1; group <= groups; ++group) {
    Persist persist;
    persist.hard_state = HardState{{index}, {1}};
    persist.entries = {std::make_shared<const Entry>(
        Entry{{1}, {index}, EntryKind::command, data_of(group, index)})};
    if (const std::uint64_t before = index - 1; before > 0 && before % between_snapshots == 0) {
      auto snapshot = std::make_shared<Snapshot>();
      snapshot->last = {{1}, {before}};
      snapshot->configuration.voters = {{1}};
      snapshot->data = data_of(group, before);
      persist.snapshot = std::move(snapshot);
    }
    changes.push_back({{group}, std::move(persist)});
  }
  return changes;
}

int write(const std::string& path, std::uint64_t last, int told) {
  Result<WriteAheadLog> log = opened(path);
  if (!log)
    return failed(log.error().context);
  const Result<std::uint64_t> begin = last_of_all(*log);
  if (!begin)
    return failed(begin.error().context);
  for (std::uint64_t index = *begin + 1; index <= last; ++index) {
    if (const Result<void> done = log->append(changes_up_to(index)); !done)
      return failed(done.error().context);
    if (told >= 0)
      (void)!::write(told, &index, sizeof index);
    else
      std::cout << "written " << index << std::endl;
  }
  return 0;
}

int check(const std::string& path) {
  const Result<WriteAheadLog> log = opened(path);
  if (!log)
    return failed(log.error().context);
  const Result<std::uint64_t> last = last_of_all(*log);
  if (!last)
    return failed(last.error().context);
  std::cout << "right " << *last << std::endl;
  return 0;
}

int kill_at_random(const std::string& path, int times, std::uint64_t seed) {
  constexpr std::uint32_t longest_us = 30'000;
  RandomStream random(seed);
  std::uint64_t last = 0;
  for (int i = 0; i < times; ++i) {
    int pipe[2];
    if (::pipe(pipe) != 0)
      return failed("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      std::cout.setstate(std::ios::failbit);
      ::_exit(write(path, last + 1'000'000, pipe[1]));
    }
    ::close(pipe[1]);
    ::usleep(random.below(longest_us));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::uint64_t told = last;
    for (std::uint64_t index = 0; ::read(pipe[0], &index, sizeof index) == sizeof index;)
      told = index;
    ::close(pipe[0]);
    if (!WIFSIGNALED(status))
      return failed("the writer has ended by itself");
    const Result<WriteAheadLog> log = opened(path);
    if (!log)
      return failed(log.error().context);
    const Result<std::uint64_t> found = last_of_all(*log);
    if (!found)
      return failed(found.error().context);
    if (*found < told || *found > told + 1)
      return failed("written up to " + std::to_string(told) + ", there is " +
                    std::to_string(*found));
    last = *found;
  }
  std::cout << "killed " << times << " times, entries: " << last << std::endl;
  return last > 0 ? 0 : failed("nothing was ever written");
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&words](std::size_t i) {
    return std::strtoull(words[i].c_str(), nullptr, 10);
  };
  if (words.size() == 3 && words[0] == "write")
    return write(words[1], number(2), -1);
  if (words.size() == 2 && words[0] == "check")
    return check(words[1]);
  if (words.size() == 4 && words[0] == "kill")
    return kill_at_random(words[1], static_cast<int>(number(2)), number(3));
  return failed("see the head of tests/system/write_ahead_log_worker.cpp");
}
