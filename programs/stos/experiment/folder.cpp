#include "programs/stos/experiment/folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace stos::program {
namespace {

namespace fs = std::filesystem;

Error cannot(const std::string& what, const std::string& path, int problem) {
  return {Errc::io_error, path + ": cannot " + what + ": " + std::strerror(problem)};
}

Result<void> write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return cannot("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

Result<void> make_folder(const std::string& path) {
  std::error_code status;
  fs::create_directories(path, status);
  if (status)
    return cannot("make the folder", path, status.value());
  return {};
}

/// What is in it is an experiment's: no file of the user is replaced by a table of that name.
Result<void> check_is_ours(const std::string& path) {
  std::error_code status;
  if (fs::exists(path + "/journal", status))
    return {};
  for (const auto& entry : fs::directory_iterator(path, status)) {
    const std::string name = entry.path().filename();
    if (name != "lock" && name != "running")
      return Error{Errc::bad_argument, path + ": has " + name +
                                           ", but no journal of an experiment; wanted: a folder "
                                           "that is empty, or not there yet"};
  }
  return {};
}

} // namespace

Result<std::string> text_of_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    return cannot("read", path, errno != 0 ? errno : EIO);
  return text;
}

Result<ExperimentFolder> ExperimentFolder::open(const std::string& path,
                                                const ExperimentIdentity& identity,
                                                const ExperimentPlan& plan) {
  if (Result<void> done = make_folder(path); !done)
    return done.error();
  if (Result<void> done = check_is_ours(path); !done)
    return done.error();
  constexpr double no_wait = 0;
  auto lock = detail::FileLock::take(path + "/lock", detail::FileLock::Kind::exclusive, no_wait);
  if (!lock)
    return Error{lock.error().code, path + ": " + lock.error().context};
  ExperimentFolder folder(path, *std::move(lock));
  const std::string journal = path + "/journal";
  folder.journal_ =
      detail::Descriptor(::open(journal.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!folder.journal_)
    return cannot("open", journal, errno);
  const Result<std::string> text = text_of_file(journal);
  if (!text)
    return text.error();
  Result<JournalContent> content = read_journal(journal, *text, identity, plan);
  if (!content)
    return content.error();
  folder.torn_bytes_ = text->size() - content->bytes;
  folder.results_ = std::move(content->results);
  if (folder.torn_bytes_ > 0 &&
      ftruncate(folder.journal_.get(), static_cast<off_t>(content->bytes)) != 0)
    return cannot("write", journal, errno);
  if (content->bytes == 0)
    if (Result<void> done = write_all(folder.journal_.get(), journal_header(identity), journal);
        !done)
      return done.error();
  std::error_code ignored; // of runs that have not ended
  fs::remove_all(path + "/running", ignored);
  if (Result<void> done = make_folder(path + "/running"); !done)
    return done.error();
  return folder;
}

Result<void> ExperimentFolder::add(const ExperimentPlan& plan, std::size_t run, RunResult result) {
  const std::string line = journal_line(plan, run, result);
  results_.insert_or_assign(run, std::move(result));
  return write_all(journal_.get(), line, path_ + "/journal");
}

void ExperimentFolder::forget_failed() {
  std::erase_if(results_, [](const auto& each) { return !each.second.failure.empty(); });
}

std::string ExperimentFolder::file_of_run(std::size_t run, const std::string& ending) const {
  return path_ + "/running/" + std::to_string(run + 1) + "." + ending;
}

Result<void> ExperimentFolder::write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  const std::string unfinished = path_ + "/running/" + "unfinished";
  if (Result<void> done = make_folder(fs::path(path).parent_path().string()); !done)
    return done;
  {
    const detail::Descriptor file(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file)
      return cannot("write", path, errno);
    if (Result<void> done = write_all(file.get(), text, path); !done)
      return done;
  }
  std::error_code status;
  fs::rename(unfinished, path, status);
  if (status)
    return cannot("write", path, status.value());
  return {};
}

} // namespace stos::program
