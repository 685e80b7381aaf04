#include "libstos/cluster/link.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;

} // namespace

Link::Link(Abroad& abroad, DomainBoard& board, std::size_t node, const LinkLimits& limits,
           Link* first)
    : node_(node), group_(abroad.place.group_of(node)), nodes_(abroad.place.nodes), limits_(limits),
      board_(board), outbox_(group_, board),
      to_domains_(first == nullptr ? outbox_ : first->outbox_), writer_(abroad),
      reader_(abroad, node, to_domains_) {}

void Link::receive(std::vector<std::byte> frame) {
  ++counters_.frames_received;
  counters_.bytes_received += frame.size();
  inbox_.push_back(std::move(frame));
}

Result<const FrameHeader*> Link::front() {
  if (front_)
    return &*front_;
  if (inbox_.empty())
    return nullptr;
  BytesReader in(inbox_.front());
  front_ = read_header(in, nodes_);
  if (!in.ok())
    return Error{Errc::bad_message, "node " + std::to_string(node_ + 1) +
                                        " sent something that is no frame (" +
                                        std::to_string(inbox_.front().size()) + " bytes)"};
  if (front_->number != frames_read_ + 1)
    return Error{Errc::bad_message, "node " + std::to_string(node_ + 1) + " sent frame " +
                                        std::to_string(front_->number) + ", wanted frame " +
                                        std::to_string(frames_read_ + 1)};
  front_size_ = inbox_.front().size() - in.remaining();
  return &*front_;
}

std::string Link::went_back(const char* what, double time, double bound) const {
  return "node " + std::to_string(node_ + 1) + " sent " + what + " of " + std::to_string(time) +
         " s after it had promised that nothing comes before " +
         std::to_string(std::max(clock_, bound)) + " s";
}

Result<void> Link::read_front(double bound) {
  const FrameHeader header = *std::exchange(front_, std::nullopt);
  const std::vector<std::byte> frame = std::move(inbox_.front());
  inbox_.pop_front();
  ++frames_read_;
  if (header.acknowledged > parcel_frames_sent_ - waiting_.size() ||
      header.acknowledged < parcel_frames_acknowledged_)
    return Error{Errc::bad_message, "node " + std::to_string(node_ + 1) + " acknowledges " +
                                        std::to_string(header.acknowledged) + " frames of " +
                                        std::to_string(parcel_frames_sent_ - waiting_.size())};
  if (header.earliest && *header.earliest < std::max(clock_, bound))
    return Error{Errc::bad_message, went_back("something", *header.earliest, bound)};
  if (header.clock && *header.clock < clock_)
    return Error{Errc::bad_message, went_back("a clock", *header.clock, bound)};
  acknowledge(header.acknowledged);
  news_received_ += header.is_news() ? 1 : 0;
  if (header.clock)
    clock_ = *header.clock;
  if (header.wanted)
    wanted_here_ = clock_told_ > *header.wanted ? infinity : *header.wanted;
  if (!header.earliest)
    return {};
  ++parcel_frames_received_;
  bytes_to_acknowledge_ += frame.size();
  to_domains_.executing(*header.earliest);
  BytesReader in(std::span<const std::byte>(frame).subspan(front_size_));
  Result<void> read = reader_.read(in, *header.earliest);
  counters_.lambdas_received = reader_.lambdas();
  return read;
}

bool Link::deliver() {
  if (outbox_.empty())
    return false;
  outbox_.flush(least_unacknowledged());
  return true;
}

// What is in the frames is not announced as taken before the frames answer for it.
void Link::take_parcels() {
  for (auto batch = outbox_.take_in(); batch != nullptr; batch = std::move(batch->next)) {
    for (Parcel& parcel : batch->parcels) {
      body_earliest_ = std::min(body_earliest_, batch->earliest);
      counters_.lambdas_sent += parcel.kind == Parcel::Kind::lambda ? 1 : 0;
      writer_.write(parcel, body_);
      if (body_.size() >= limits_.frame_bytes_max)
        end_body();
    }
    batch->parcels.clear();
  }
  if (body_.size() > 0)
    end_body();
  outbox_.announce(least_unacknowledged());
}

void Link::end_body() {
  ++parcel_frames_sent_;
  while (!least_.empty() && least_.back().earliest >= body_earliest_)
    least_.pop_back();
  least_.push_back({parcel_frames_sent_, body_earliest_});
  waiting_.push_back({std::exchange(body_earliest_, infinity), body_.take()});
  waiting_bytes_ += waiting_.back().records.size();
}

double Link::least_unacknowledged() const {
  return least_.empty() ? infinity : least_.front().earliest;
}

void Link::acknowledge(std::uint64_t parcel_frames) {
  for (; parcel_frames_acknowledged_ < parcel_frames; ++parcel_frames_acknowledged_) {
    unacknowledged_bytes_ -= unacknowledged_.front();
    unacknowledged_.pop_front();
  }
  while (!least_.empty() && least_.front().frame <= parcel_frames_acknowledged_)
    least_.pop_front();
}

std::optional<Link::Pending> Link::take_waiting() {
  if (waiting_.empty())
    return std::nullopt;
  const std::size_t bytes = waiting_.front().records.size();
  if (!unacknowledged_.empty() && unacknowledged_bytes_ + bytes > limits_.credit_bytes) {
    ++counters_.credit_waits;
    return std::nullopt;
  }
  Pending next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= bytes;
  unacknowledged_.push_back(bytes);
  unacknowledged_bytes_ += bytes;
  return next;
}

void Link::begin_anew(double least) {
  clock_ = clock_told_ = least;
  wanted_told_ = wanted_here_ = infinity;
}

void Link::tell_anew() { outbox_.announce(least_unacknowledged()); }

void Link::send_report(const NodeReport& report, std::uint64_t round,
                       std::vector<std::vector<std::byte>>& frames) {
  FrameHeader header;
  header.phase = 2 * round - 1;
  header.report = report;
  append_frame(header, {}, frames);
}

bool Link::has_news(const FrameHeader& header, double clock, double wanted) const {
  return !waiting_.empty() || (header.end_time && *header.end_time < end_time_told_) ||
         (wanted != wanted_told_ && wanted < infinity) || clock > wanted_here_;
}

// The clock comes behind all that was emitted before it.
void Link::send(FrameHeader header, double clock, double wanted,
                std::vector<std::vector<std::byte>>& frames) {
  if (header.end_time && !(*header.end_time < end_time_told_))
    header.end_time.reset();
  if (wanted != wanted_told_ && wanted < infinity)
    header.wanted = wanted;
  constexpr std::size_t acknowledged_in_parts = 4;
  bool goes_anyway = (waiting_.empty() && has_news(header, clock, wanted)) ||
                     bytes_to_acknowledge_ > limits_.credit_bytes / acknowledged_in_parts;
  for (;;) {
    const std::optional<Pending> next = take_waiting();
    if (!next && !std::exchange(goes_anyway, false))
      return;
    goes_anyway = false;
    if (next)
      header.earliest = next->earliest;
    if (waiting_.empty() && clock > clock_told_)
      header.clock = clock_told_ = clock;
    if (clock_told_ > wanted_here_)
      wanted_here_ = infinity;
    wanted_told_ = header.wanted.value_or(wanted_told_);
    end_time_told_ = header.end_time.value_or(end_time_told_);
    append_frame(header, next ? next->records : std::vector<std::byte>(), frames);
    const std::uint64_t phase = header.phase;
    header = {};
    header.phase = phase;
  }
}

void Link::append_frame(FrameHeader& header, std::span<const std::byte> records,
                        std::vector<std::vector<std::byte>>& frames) {
  header.number = ++counters_.frames_sent;
  news_sent_ += header.is_news() ? 1 : 0;
  header.acknowledged = parcel_frames_received_;
  bytes_to_acknowledge_ = 0;
  BytesWriter out;
  write_header(header, out);
  out.raw(records);
  counters_.bytes_sent += out.size();
  frames.push_back(out.take());
}

} // namespace stos::detail
