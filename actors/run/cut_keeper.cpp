#include "actors/run/cut_keeper.hpp"

#include "actors/messages/stored_cut.hpp"

#include <algorithm>
#include <chrono>

namespace stos::detail {

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

void CutKeeper::keep(const Cut& cut, const Label& label, const Send& send) {
  CutCopy before;
  bool is_there = false;
  {
    const std::lock_guard lock(mutex_);
    before = copy_;
    is_there = others_have_it_;
  }
  CutCopy copy(cut, encode(label), before);
  if (send)
    send_news(copy, is_there ? before : CutCopy(), send);
  const std::lock_guard lock(mutex_);
  label_ = label;
  copy_ = std::move(copy);
  others_have_it_ = static_cast<bool>(send);
  changed_.notify_all();
}

void CutKeeper::send(const Send& send) const {
  CutCopy copy;
  {
    const std::lock_guard lock(mutex_);
    copy = copy_;
  }
  send_news(copy, {}, send);
}

void CutKeeper::send_news(const CutCopy& copy, const CutCopy& there, const Send& send) const {
  CopyMessage message;
  {
    const std::lock_guard lock(mutex_);
    message.from = own_node_;
  }
  send_in_pieces(std::move(message), copy.news_for(there), send);
}

std::optional<double> CutKeeper::hear(CopyMessage message) {
  const std::lock_guard lock(mutex_);
  pieces_[message.from].add(std::move(message.data.data));
  if (message.more)
    return std::nullopt;
  const std::vector<std::byte> news = pieces_.extract(message.from).mapped().take();
  Result<CutCopy> copy = CutCopy::read(news, copy_);
  if (!copy)
    return std::nullopt;
  const Result<Label> label = decode_label(copy->label());
  if (!label || (label_ && label_->time > label->time))
    return std::nullopt;
  copy_ = *std::move(copy);
  others_have_it_ = false;
  label_ = *label;
  changed_.notify_all();
  return label_->time;
}

// It may say so before the first node has taken note itself.
void CutKeeper::hear_kept(std::size_t node, double time) {
  const std::lock_guard lock(mutex_);
  double& last = kept_by_[node];
  last = std::max(last, time);
}

std::size_t CutKeeper::copies_missing(std::size_t wanted) const {
  const std::lock_guard lock(mutex_);
  if (!label_)
    return 0;
  const auto there = static_cast<std::size_t>(std::ranges::count_if(
      kept_by_, [this](const auto& kept) { return kept.second >= label_->time; }));
  return wanted - std::min(wanted, there);
}

// What a node of the last view had under way to this one is of no use.
void CutKeeper::begin_view(std::size_t own_node) {
  const std::lock_guard lock(mutex_);
  own_node_ = static_cast<std::uint32_t>(own_node);
  pieces_.clear();
  others_have_it_ = false;
  kept_by_.clear();
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
  present.record = present.cut.record();
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
