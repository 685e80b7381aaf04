#include "store/write_ahead_log.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace stos {

using detail::LogChange;

namespace {

constexpr std::string_view ending = ".log";
constexpr std::string_view ending_of_unfinished = ".new";
constexpr std::size_t digits = 10;

std::string name_of(std::uint64_t number, std::string_view end = ending) {
  std::string text = std::to_string(number);
  text.insert(0, digits - std::min(digits, text.size()), '0');
  return text.append(end);
}

/// Nothing if it is no segment's name.
std::optional<std::uint64_t> number_of(const std::string& name) {
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || std::string_view(at, static_cast<std::size_t>(end - at)) != ending)
    return std::nullopt;
  return number;
}

Error damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {Errc::io_error, path + ", byte " + std::to_string(offset) + ": " + what +
                              ". Remove the node from its groups, and let it join anew with an "
                              "empty folder"};
}

Error too_large(const std::string& path) {
  return {Errc::io_error, path + ": what is to be written at a time is larger than " +
                              std::to_string(detail::record_bytes_max) + " bytes"};
}

} // namespace

// ---- reading
// ---------------------------------------------------------------------------------------

Result<WriteAheadLog> WriteAheadLog::open(std::unique_ptr<LogFolder> folder, Limits limits) {
  WriteAheadLog log(std::move(folder), limits);
  if (const Result<void> read = log.read_all(); !read)
    return read.error();
  return log;
}

Result<void> WriteAheadLog::read_all() {
  if (const Result<void> found = find_segments(); !found)
    return found.error();
  if (const Result<void> dropped = drop_outdated(); !dropped)
    return dropped.error();
  for (Segment& segment : segments_)
    if (const Result<void> read = read_segment(segment, &segment == &segments_.back()); !read)
      return read.error();
  if (segments_.empty())
    segments_.push_back({1, 0});
  return {};
}

Result<void> WriteAheadLog::find_segments() {
  const Result<std::vector<std::string>> names = folder_->names();
  if (!names)
    return names.error();
  for (const std::string& name : *names) {
    if (name.ends_with(ending_of_unfinished)) {
      if (const Result<void> removed = folder_->remove(name); !removed)
        return removed.error();
    } else if (const std::optional<std::uint64_t> number = number_of(name)) {
      segments_.push_back({*number, 0});
    }
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.number < b.number; });
  return {};
}

// The newest segment that begins with all that counts is the first one that is needed.
Result<void> WriteAheadLog::drop_outdated() {
  std::size_t first = 0;
  for (std::size_t i = segments_.size(); i-- > 0 && first == 0;) {
    const Result<std::vector<std::byte>> bytes = folder_->read(name_of(segments_[i].number));
    if (!bytes)
      return bytes.error();
    const auto header = detail::read_segment_header(*bytes);
    if (header && header->begins)
      first = i;
    else if (i == 0 && !bytes->empty() && header)
      return damaged(folder_->path_of(name_of(segments_[0].number)), 0,
                     "the file before this one is missing");
  }
  for (std::size_t i = 0; i < first; ++i)
    if (const Result<void> removed = folder_->remove(name_of(segments_[i].number)); !removed)
      return removed.error();
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first));
  for (std::size_t i = 1; i < segments_.size(); ++i)
    if (segments_[i].number != segments_[i - 1].number + 1)
      return damaged(folder_->path_of(name_of(segments_[i].number)), 0,
                     "the file before this one is missing");
  return {};
}

Result<void> WriteAheadLog::read_segment(Segment& segment, bool is_last) {
  const std::string path = folder_->path_of(name_of(segment.number));
  const Result<std::vector<std::byte>> bytes = folder_->read(name_of(segment.number));
  if (!bytes)
    return bytes.error();
  segment.size = bytes->size();
  const auto header = detail::read_segment_header(*bytes);
  std::uint64_t offset = 0;
  if (header && header->number == segment.number) {
    offset = detail::segment_header_bytes;
    while (const auto record = detail::record_at(*bytes, segment.number, offset)) {
      if (!detail::replay(record->content, state_))
        return damaged(path, offset, "the record is whole, but does not fit what is before it");
      offset = record->end;
    }
  }
  if (offset == bytes->size())
    return {};
  const std::uint64_t behind = std::max<std::uint64_t>(offset, detail::segment_header_bytes);
  if (const auto whole = detail::next_record(*bytes, segment.number, behind))
    return damaged(path, offset,
                   "what is here is damaged, and a whole record follows at byte " +
                       std::to_string(*whole));
  if (!is_last)
    return damaged(path, offset, "what is here is damaged, and another file follows");
  return cut(segment, offset);
}

Result<void> WriteAheadLog::cut(Segment& segment, std::uint64_t size) {
  const std::string name = name_of(segment.number);
  if (const Result<void> done = folder_->truncate(name, size); !done)
    return done.error();
  if (const Result<void> done = folder_->sync(name); !done)
    return done.error();
  torn_bytes_ += segment.size - size;
  segment.size = size;
  return {};
}

// ---- writing
// ---------------------------------------------------------------------------------------

std::uint64_t WriteAheadLog::size() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_)
    sum += segment.size;
  return sum;
}

Result<void> WriteAheadLog::append(std::vector<LogChange> changes) {
  if (broken_)
    return *broken_;
  if (changes.empty())
    return {};
  if (segments_.back().size >= limits_.segment_bytes)
    segments_.push_back({segments_.back().number + 1, 0});
  if (const Result<void> written = write(changes); !written)
    return written.error();
  detail::replay(changes, state_);
  write_anew_if_worth_it();
  return {};
}

Result<void> WriteAheadLog::write(std::span<const LogChange> changes) {
  Segment& segment = segments_.back();
  const std::string name = name_of(segment.number);
  const bool is_new = segment.size == 0;
  buffer_.clear();
  if (is_new)
    buffer_ = detail::segment_header(segment.number, segment.number == segments_.front().number);
  if (!detail::append_record(changes, segment.number, segment.size + buffer_.size(), buffer_))
    return too_large(folder_->path_of(name));
  if (const Result<void> appended = folder_->append(name, buffer_); !appended)
    return take_back(appended.error());
  Result<void> safe = folder_->sync(name);
  if (safe && is_new)
    safe = folder_->sync_names();
  if (!safe) {
    // It cannot be known what of it is on the disk, or will be.
    broken_ = safe.error();
    return *broken_;
  }
  segment.size += buffer_.size();
  return {};
}

Error WriteAheadLog::take_back(const Error& why) {
  const Segment& segment = segments_.back();
  const std::string name = name_of(segment.number);
  Result<void> done = folder_->truncate(name, segment.size);
  if (done)
    done = folder_->sync(name);
  if (!done)
    broken_ = why;
  return why;
}

// ---- what no longer counts
// -------------------------------------------------------------------------

std::uint64_t WriteAheadLog::bytes_that_count() const {
  constexpr std::uint64_t bytes_of_group = 64;
  std::uint64_t sum = 0;
  for (const auto& [group, state] : state_) {
    sum += bytes_of_group;
    if (state.snapshot)
      sum += state.snapshot->data.size();
    for (const raft::EntryPtr& entry : state.entries)
      sum += entry->data.size() + 8;
  }
  return sum;
}

void WriteAheadLog::write_anew_if_worth_it() {
  if (size() < std::max(limits_.segment_bytes, next_count_at_))
    return;
  const std::uint64_t counts = bytes_that_count();
  next_count_at_ = size() + std::max(limits_.segment_bytes, counts / 2);
  if (size() <= limits_.waste_max * counts + limits_.segment_bytes)
    return;
  const std::uint64_t number = segments_.back().number + 1;
  const std::string unfinished = name_of(number, ending_of_unfinished);
  const Result<std::uint64_t> size = write_all_that_counts(unfinished, number);
  if (!size) { // the old files still say it all; if there is no room, the next append says so
    static_cast<void>(folder_->remove(unfinished));
    return;
  }
  Result<void> done = folder_->rename(unfinished, name_of(number));
  if (done)
    done = folder_->sync_names();
  if (!done) {
    broken_ = done.error();
    return;
  }
  for (const Segment& old : segments_)
    static_cast<void>(folder_->remove(name_of(old.number))); // else the next open() does
  segments_ = {{number, *size}};
  next_count_at_ = 0;
}

Result<std::uint64_t> WriteAheadLog::write_all_that_counts(const std::string& name,
                                                           std::uint64_t number) {
  constexpr std::size_t entries_at_a_time = 10'000;
  std::uint64_t size = 0;
  std::vector<std::byte> bytes = detail::segment_header(number, true);
  const auto flush = [&]() -> Result<void> {
    size += bytes.size();
    const Result<void> appended = folder_->append(name, bytes);
    bytes.clear();
    return appended;
  };
  const auto add = [&](raft::GroupId group, raft::Persist persist) {
    const LogChange change{group, std::move(persist)};
    if (!detail::append_record(std::span(&change, 1), number, size + bytes.size(), bytes))
      return Result<void>(too_large(folder_->path_of(name)));
    return flush();
  };
  for (const auto& [group, state] : state_) {
    if (const Result<void> added = add(group, {state.hard_state, state.snapshot, {}}); !added)
      return added.error();
    for (std::size_t i = 0; i < state.entries.size(); i += entries_at_a_time) {
      const auto begin = state.entries.begin() + static_cast<std::ptrdiff_t>(i);
      const auto end = begin + static_cast<std::ptrdiff_t>(
                                   std::min(entries_at_a_time, state.entries.size() - i));
      if (const Result<void> added = add(group, {std::nullopt, nullptr, {begin, end}}); !added)
        return added.error();
    }
  }
  if (const Result<void> flushed = flush(); !flushed)
    return flushed.error();
  if (const Result<void> safe = folder_->sync(name); !safe)
    return safe.error();
  return size;
}

} // namespace stos
