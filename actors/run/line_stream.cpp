#include "actors/run/line_stream.hpp"

#include <algorithm>
#include <iterator>

namespace stos::detail {
namespace {

// Of one text, before it is compressed.
constexpr std::size_t lines_at_once = 4096;

template <class Line>
void append(std::vector<Line>& to, std::vector<Line> from) {
  if (to.empty())
    to = std::move(from);
  else
    std::ranges::move(from, std::back_inserter(to));
}

} // namespace

std::string RecordLines::text_of(std::span<const Report> lines) const {
  std::string text;
  for (const Report& line : lines)
    append_line(format, line, text);
  return text;
}

template <class Lines>
LineStream<Lines>::LineStream(const RunOptions& options, Beginning beginning)
    : lines_(options), may_be_cut_(beginning.may_be_cut), joined_(beginning.time),
      joined_lines_(beginning.joined_lines) {
  if (!is_wanted() || !beginning.is_first)
    return;
  file_.emplace(Lines::what, lines_.path);
  take(std::move(beginning.later));
  if (!beginning.before.empty()) {
    write_again(beginning.before);
    return;
  }
  add_text(std::string(lines_.header()));
  if (const auto problem = file_->end())
    throw UsageError(*problem);
  untold_ = release();
}

// A text of a cut has been checked when the cut was read.
template <class Lines>
void LineStream<Lines>::write_again(const StreamedTexts& texts) {
  for (const auto& text : texts) {
    const std::optional<RecordCoder::Bytes> content = coder_.read_chunk(text->bytes, {});
    if (!content)
      throw UsageError(Errc::bad_message,
                       std::string("the cut has text of the ") + Lines::what + " that is none");
    const std::string_view chars(reinterpret_cast<const char*>(content->data()), content->size());
    if (const auto problem = file_->append(chars))
      throw UsageError(*problem);
    if (may_be_cut_)
      text_.push_back(text);
  }
}

template <class Lines>
void LineStream<Lines>::take(std::vector<Line> lines) {
  if (!is_wanted())
    return;
  const std::lock_guard lock(mutex_);
  count_ += lines.size();
  append(taken_, std::move(lines));
}

template <class Lines>
auto LineStream<Lines>::since_last_cut() const -> std::vector<Line> {
  const std::lock_guard lock(mutex_);
  return taken_;
}

template <class Lines>
void LineStream<Lines>::forget(double time) {
  const std::lock_guard lock(mutex_);
  std::erase_if(taken_, [time](const Line& line) { return Lines::time_of(line) < time; });
}

template <class Lines>
std::uint64_t LineStream<Lines>::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

template <class Lines>
auto LineStream<Lines>::take_all() -> std::vector<Line> {
  const std::lock_guard lock(mutex_);
  return std::exchange(taken_, {});
}

template <class Lines>
auto LineStream<Lines>::join(double time, std::vector<Line> lines) -> std::vector<Line> {
  if (!file_)
    return {};
  const auto after = std::stable_partition(
      lines.begin(), lines.end(), [time](const Line& line) { return Lines::time_of(line) < time; });
  std::vector<Line> later(std::make_move_iterator(after), std::make_move_iterator(lines.end()));
  lines.erase(after, lines.end());
  std::erase_if(lines, [this](const Line& line) { return Lines::time_of(line) < joined_; });
  add(std::move(lines));
  joined_ = std::max(joined_, time);
  forget(joined_);
  return later;
}

// Those of one agent and time are all of one node, in their order.
template <class Lines>
void LineStream<Lines>::add(std::vector<Line> lines) {
  std::ranges::stable_sort(lines, &Lines::is_earlier);
  const std::uint64_t room = lines_.most - std::min<std::uint64_t>(lines_.most, joined_lines_);
  joined_lines_ += lines.size();
  const std::span<const Line> all =
      std::span<const Line>(lines).first(std::min<std::uint64_t>(room, lines.size()));
  for (std::size_t first = 0; first < all.size(); first += lines_at_once)
    add_text(lines_.text_of(all.subspan(first, std::min(lines_at_once, all.size() - first))));
}

template <class Lines>
void LineStream<Lines>::add_text(std::string text) {
  if (text.empty())
    return;
  if (may_be_cut_) {
    StreamedText kept;
    kept.bytes = coder_.chunk_record({}, std::as_bytes(std::span(text)));
    kept.name = ContentHash::of(kept.bytes);
    text_.push_back(std::make_shared<const StreamedText>(std::move(kept)));
  }
  waiting_.push_back(std::move(text));
}

template <class Lines>
std::optional<Error> LineStream<Lines>::release() {
  if (untold_)
    return std::exchange(untold_, std::nullopt);
  for (const std::string& text : std::exchange(waiting_, {}))
    if (!has_failed_)
      if (auto problem = file_->append(text)) {
        has_failed_ = true;
        return problem;
      }
  return std::nullopt;
}

template <class Lines>
std::optional<Error> LineStream<Lines>::end(std::vector<Line> lines,
                                            const std::optional<Failure>& failure) {
  constexpr double never = Instant::never().absorption;
  if (!file_)
    return std::nullopt;
  if (has_failed_)
    return std::exchange(untold_, std::nullopt);
  const double last = failure ? failure->key.instant.absorption : never;
  const bool is_cut_short = failure && last == never && failure->error.code != Errc::trace_full;
  if (!is_cut_short) {
    append(lines, take_all());
    std::erase_if(lines, [this, last](const Line& line) {
      return Lines::time_of(line) < joined_ || Lines::time_of(line) > last;
    });
    add(std::move(lines));
    if (auto problem = release())
      return problem;
  }
  return file_->end();
}

template class LineStream<RecordLines>;
template class LineStream<TraceLines>;

} // namespace stos::detail
