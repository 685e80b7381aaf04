#include "actors/run/cut_keeper.hpp"

#include "actors/messages/stored_cut.hpp"

#include <algorithm>
#include <chrono>

namespace stos::detail {
namespace {

constexpr std::size_t bytes_of_a_piece = std::size_t{4} << 20;

} // namespace

std::vector<std::byte> encode(const CutKeeper::Label& label) {
  BytesWriter out;
  out.f64(label.time);
  out.u64(label.lineage);
  out.varint(label.records.size());
  for (const CutRecord& record : label.records)
    write_record(record, out);
  return out.take();
}

Result<CutKeeper::Label> decode_label(std::span<const std::byte> bytes) {
  constexpr std::size_t least_bytes = 4; // of a record
  BytesReader in(bytes);
  CutKeeper::Label label;
  label.time = in.f64();
  label.lineage = in.u64();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    const Result<CutRecord> record = read_record(in);
    if (!record)
      return record.error();
    label.records.push_back(*record);
  }
  if (!in.at_end())
    return Error{Errc::bad_message, "no label of a cut"};
  return label;
}

void CutKeeper::keep(const Cut& cut, const Label& label, const Send& send_to) {
  CutCopy before;
  {
    const std::lock_guard lock(mutex_);
    before = copy_;
  }
  CutCopy copy(cut, encode(label), before);
  if (send_to) {
    CutCopy there;
    {
      const std::lock_guard lock(mutex_);
      there = sent_;
    }
    send(copy.news_for(there), send_to);
  }
  const std::lock_guard lock(mutex_);
  label_ = label;
  sent_ = copy;
  copy_ = std::move(copy);
  changed_.notify_all();
}

void CutKeeper::send(const std::vector<std::byte>& news, const Send& send) const {
  CopyMessage message;
  for (std::size_t begin = 0; begin < news.size(); begin += bytes_of_a_piece) {
    const std::size_t size = std::min(bytes_of_a_piece, news.size() - begin);
    const auto first = news.begin() + static_cast<std::ptrdiff_t>(begin);
    message.data.data.assign(first, first + static_cast<std::ptrdiff_t>(size));
    message.more = begin + size < news.size();
    send(message);
  }
}

void CutKeeper::send(const Send& send_to) const {
  std::vector<std::byte> news;
  {
    const std::lock_guard lock(mutex_);
    news = copy_.news_for({});
  }
  send(news, send_to);
}

void CutKeeper::hear(const CopyMessage& message) {
  const std::lock_guard lock(mutex_);
  std::vector<std::byte>& pieces = pieces_[message.from];
  pieces.insert(pieces.end(), message.data.data.begin(), message.data.data.end());
  if (message.more)
    return;
  const std::vector<std::byte> news = std::move(pieces);
  pieces_.erase(message.from);
  Result<CutCopy> copy = CutCopy::read(news, copy_);
  if (!copy)
    return;
  const Result<Label> label = decode_label(copy->label());
  if (!label || (label_ && label_->time > label->time))
    return;
  copy_ = *std::move(copy);
  label_ = *label;
  changed_.notify_all();
}

// What a node of the last view had under way to this one is of no use.
void CutKeeper::begin_view() {
  const std::lock_guard lock(mutex_);
  pieces_.clear();
  sent_ = {};
}

std::optional<CutKeeper::Label> CutKeeper::label() const {
  const std::lock_guard lock(mutex_);
  return label_;
}

bool CutKeeper::wait_for(double time, const std::function<bool()>& gives_up) const {
  constexpr std::chrono::milliseconds now_and_then(50);
  std::unique_lock lock(mutex_);
  const auto has_it = [&] { return label_ && label_->time == time; };
  while (!changed_.wait_for(lock, now_and_then, has_it)) {
    lock.unlock();
    const bool is_over = gives_up();
    lock.lock();
    if (is_over)
      return has_it();
  }
  return true;
}

Result<Present> CutKeeper::read() const {
  CutCopy copy;
  {
    const std::lock_guard lock(mutex_);
    copy = copy_;
  }
  Result<Cut> cut = copy.cut();
  if (!cut)
    return cut.error();
  Present present{*std::move(cut), {}};
  present.record.time = present.cut.time;
  present.record.state_digest = present.cut.state_digest();
  present.record.agents = present.cut.images.size();
  present.record.bytes = present.cut.bytes();
  return present;
}

void CutKeeper::cannot_keep(const std::string& why) {
  const std::lock_guard lock(mutex_);
  why_not_ = why;
}

std::string CutKeeper::why_not() const {
  const std::lock_guard lock(mutex_);
  return why_not_;
}

} // namespace stos::detail
