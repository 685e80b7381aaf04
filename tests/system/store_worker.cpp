// Writes made-up cuts to a store, and checks what is in one. tests/system/store.sh runs it.
//
// usage: store_worker write PLACE KEEP FIRST LAST
//          Writes the cuts FIRST to LAST. Prints "written N" for each, or "error: ..." and goes on.
//        store_worker check PLACE
//          Reads all cuts, which must be as write makes them. Prints "right N" and the numbers of
//          the first and the last one; what is damaged is an error.
//        store_worker kill FOLDER TIMES SEED
//          So many times: a child process writes cuts and is killed at a random moment; then all
//          that is complete must be right, and be what was there before, or later.
//
// Status 1, with a line "error: ...", if anything is wrong.

#include "libstos/base/random.hpp"
#include "store/lmdb_pages.hpp"
#include "tests/store/support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

using namespace stos;

namespace {

constexpr std::size_t agents = 3'000;
constexpr std::size_t changed = 1'500;
constexpr std::uint64_t cuts_of_a_generation = 5; // what differs more is stored whole

detail::Cut cut_of(std::uint64_t number) {
  return test::made_up_cut(static_cast<double>(number), agents, changed, 10,
                           number / cuts_of_a_generation);
}

int failed(const std::string& text) {
  std::cout << "error: " << text << std::endl;
  return 1;
}

int write(const std::string& place, std::uint32_t keep, std::uint64_t first, std::uint64_t last) {
  std::unique_ptr<CutStore> store;
  int status = 0;
  for (std::uint64_t number = first; number <= last; ++number) {
    if (!store) {
      StoreLimits limits;
      limits.lock_s = 1;
      Result<std::unique_ptr<CutStore>> opened = CutStore::open(place, Access::write, limits);
      if (!opened)
        return failed(opened.error().context);
      store = *std::move(opened);
    }
    const detail::Cut cut = cut_of(number);
    const auto written = store->write(test::label_of(cut), encode(cut), keep);
    if (!written)
      status = failed(written.error().context);
    else if (!written->warning.empty())
      status = failed(written->warning);
    else
      std::cout << "written " << number << std::endl;
  }
  return status;
}

/// Which cuts there are; each is right.
Result<std::vector<std::uint64_t>> checked(const std::string& place) {
  const auto store = CutStore::open(place, Access::read);
  if (!store)
    return store.error();
  const Result<CutStore::Contents> contents = (*store)->list();
  if (!contents)
    return contents.error();
  if (!contents->damage.empty())
    return Error{Errc::io_error, "damaged: " + contents->damage.front()};
  std::vector<std::uint64_t> numbers;
  for (const CutEntry& entry : contents->cuts) {
    const Result<detail::Cut> cut = read_cut(**store, entry);
    if (!cut)
      return cut.error();
    const auto number = static_cast<std::uint64_t>(entry.time);
    const detail::Cut wanted = cut_of(number);
    if (!test::same_images(*cut, wanted) || cut->state_digest() != wanted.state_digest())
      return Error{Errc::io_error, "another cut than was written: " + to_string(entry)};
    numbers.push_back(number);
  }
  return numbers;
}

int check(const std::string& place) {
  const Result<std::vector<std::uint64_t>> numbers = checked(place);
  if (!numbers)
    return failed(numbers.error().context);
  std::cout << "right " << numbers->size();
  if (!numbers->empty())
    std::cout << ' ' << numbers->front() << ' ' << numbers->back();
  std::cout << std::endl;
  return 0;
}

/// How many chunks lie in the file, whether a cut refers to them or not.
std::size_t chunks_in(const std::string& folder) {
  std::ifstream in(folder + "/data.mdb", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const detail::ReadableFile file{bytes.size(), [&](std::uint64_t at, std::span<std::byte> to) {
                                    if (at > bytes.size() || to.size() > bytes.size() - at)
                                      return false;
                                    std::memcpy(to.data(), bytes.data() + at, to.size());
                                    return true;
                                  }};
  const detail::LmdbMetas metas = detail::read_lmdb_metas(file);
  const auto& newer = metas[0]->transaction > metas[1]->transaction ? metas[0] : metas[1];
  const auto records = detail::look_through(file, *newer).records;
  return static_cast<std::size_t>(std::count_if(
      records.begin(), records.end(), [](const auto& record) { return record.key[0] == 'c'; }));
}

int kill_at_random(const std::string& folder, int times, std::uint64_t seed) {
  constexpr std::uint32_t keep = 3;
  constexpr std::uint32_t longest_us = 80'000;
  RandomStream random(seed);
  std::uint64_t last = 0;
  std::uint64_t cuts_seen = 0;
  for (int i = 0; i < times; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::cout.setstate(std::ios::failbit);
      ::_exit(write(folder, keep, last + 1, last + 1'000));
    }
    ::usleep(random.below(longest_us));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status))
      return failed("the writer has ended by itself");
    const Result<std::vector<std::uint64_t>> numbers = checked(folder);
    if (!numbers) {
      if (last == 0)
        continue; // it was not yet begun
      return failed(numbers.error().context);
    }
    const std::uint64_t newest = numbers->empty() ? 0 : numbers->back();
    // One more than are to be kept lie there between two steps of a write, at which several writers
    // may have been killed.
    if (newest < last || numbers->size() > keep + 6 || numbers->size() < std::min(last, 3ul))
      return failed("after cut " + std::to_string(last) + " there are " +
                    std::to_string(numbers->size()) + " up to " + std::to_string(newest));
    cuts_seen += newest - last;
    last = newest;
  }
  // What the killed writers have left behind goes with the next cut.
  std::cout.setstate(std::ios::failbit);
  const std::uint64_t next = last + cuts_of_a_generation;
  const int written = write(folder, 1, next, next);
  std::cout.clear();
  if (written != 0)
    return failed("the next cut was not written");
  const detail::Cut left = cut_of(next);
  if (const std::size_t chunks = chunks_in(folder); chunks != encode(left).chunks.size())
    return failed(std::to_string(chunks) + " chunks are left in the file");
  std::cout << "killed " << times << " times, cuts completed: " << cuts_seen << std::endl;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&words](std::size_t i) {
    return std::strtoull(words[i].c_str(), nullptr, 10);
  };
  if (words.size() == 5 && words[0] == "write")
    return write(words[1], static_cast<std::uint32_t>(number(2)), number(3), number(4));
  if (words.size() == 2 && words[0] == "check")
    return check(words[1]);
  if (words.size() == 4 && words[0] == "kill")
    return kill_at_random(words[1], static_cast<int>(number(2)), number(3));
  return failed("see the head of tests/system/store_worker.cpp");
}
