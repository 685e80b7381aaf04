#include "libstos/cluster/gateway/link.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;

} // namespace

Link::Link(Abroad& abroad, DomainBoard& board, NodeIndex node, const LinkLimits& limits,
           Link* first)
    : node_(node), own_node_(abroad.place.own_node), group_(abroad.place.group_of(node)),
      nodes_(abroad.place.nodes), limits_(limits), board_(board), outbox_(group_, board),
      to_domains_(first == nullptr ? outbox_ : first->outbox_), writer_(abroad),
      reader_(abroad, node, to_domains_) {
  outbox_.others_are_at(elsewhere_);
}

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
    return Error{Errc::bad_message, "node " + std::to_string(node_.number() + 1) +
                                        " sent something that is no frame (" +
                                        std::to_string(inbox_.front().size()) + " bytes)"};
  if (front_->number != frames_read_ + 1)
    return Error{Errc::bad_message, "node " + std::to_string(node_.number() + 1) + " sent frame " +
                                        std::to_string(front_->number) + ", wanted frame " +
                                        std::to_string(frames_read_ + 1)};
  front_size_ = inbox_.front().size() - in.remaining();
  return &*front_;
}

std::string Link::went_back(const char* what, double time, double bound) const {
  return "node " + std::to_string(node_.number() + 1) + " sent " + what + " of " +
         exact_text(time) + " s after it had promised that nothing comes before " +
         exact_text(std::max(clock_, bound)) + " s";
}

Result<void> Link::read_front(double bound) {
  FrameHeader header = *std::exchange(front_, std::nullopt);
  const std::vector<std::byte> frame = std::move(inbox_.front());
  inbox_.pop_front();
  ++frames_read_;
  if (header.acknowledged > parcel_frames_sent_ - waiting_.size() ||
      header.acknowledged < parcel_frames_acknowledged_)
    return Error{Errc::bad_message, "node " + std::to_string(node_.number() + 1) +
                                        " acknowledges " + std::to_string(header.acknowledged) +
                                        " frames of " +
                                        std::to_string(parcel_frames_sent_ - waiting_.size())};
  if (header.earliest && *header.earliest < std::max(clock_, bound))
    return Error{Errc::bad_message, went_back("something", *header.earliest, bound)};
  if (header.clock && *header.clock < clock_)
    return Error{Errc::bad_message, went_back("a clock", *header.clock, bound)};
  acknowledge(header.acknowledged);
  news_received_ += header.is_news() ? 1 : 0;
  if (header.clock) {
    clock_ = *header.clock;
    if (clock_ > wanted_told_)
      wanted_told_ = infinity;
  }
  if (header.wanted)
    wanted_here_ = clock_told_ > *header.wanted ? infinity : *header.wanted;
  if (header.earliest) {
    ++parcel_frames_received_;
    bytes_to_acknowledge_ += frame.size();
    to_domains_.executing(*header.earliest);
    BytesReader in(std::span<const std::byte>(frame).subspan(front_size_));
    if (Result<void> read = reader_.read(in, *header.earliest); !read)
      return read;
    const std::uint64_t before = std::exchange(counters_.lambdas_received, reader_.lambdas());
    way_.received += counters_.lambdas_received > before ? 1 : 0;
  }
  return header.standing ? hear(*std::move(header.standing)) : Result<void>();
}

// What the other node was asked for, it has told as soon as it stands there.
Result<void> Link::hear(Standing standing) {
  const std::uint64_t received = standing.ways[own_node_].received;
  if (received > way_.sent || (standing_ && received < standing_->ways[own_node_].received))
    return Error{Errc::bad_message, "node " + std::to_string(node_.number() + 1) +
                                        " has received " + std::to_string(received) +
                                        " frames with lambdas, of " + std::to_string(way_.sent) +
                                        " that were sent"};
  if (standing.next.absorption >= wanted_told_)
    wanted_told_ = infinity;
  standing_ = std::move(standing);
  standing_clock_ = clock_;
  return {};
}

void Link::deliver() {
  if (!outbox_.empty())
    outbox_.flush(least_waiting_.least());
}

// What is in the frames is not announced as taken before the frames answer for it.
void Link::take_parcels() {
  for (auto batch = outbox_.take_in(); batch != nullptr; batch = std::move(batch->next)) {
    for (Parcel& parcel : batch->parcels) {
      body_earliest_ = std::min(body_earliest_, batch->earliest);
      if (parcel.kind == Parcel::Kind::lambda) {
        ++counters_.lambdas_sent;
        body_has_lambdas_ = true;
      }
      writer_.write(parcel, body_);
      if (body_.size() >= limits_.frame_bytes_max)
        end_body();
    }
    batch->parcels.clear();
  }
  if (body_.size() > 0)
    end_body();
  outbox_.announce(least_waiting_.least());
}

void Link::end_body() {
  ++parcel_frames_sent_;
  least_waiting_.push(parcel_frames_sent_, body_earliest_);
  least_unacknowledged_.push(parcel_frames_sent_, body_earliest_);
  waiting_.push_back({std::exchange(body_earliest_, infinity),
                      std::exchange(body_has_lambdas_, false), body_.take()});
  waiting_bytes_ += waiting_.back().records.size();
}

void Link::acknowledge(std::uint64_t parcel_frames) {
  for (; parcel_frames_acknowledged_ < parcel_frames; ++parcel_frames_acknowledged_) {
    unacknowledged_bytes_ -= unacknowledged_.front().bytes;
    way_.acknowledged += unacknowledged_.front().has_lambdas ? 1 : 0;
    unacknowledged_.pop_front();
  }
  least_unacknowledged_.drop_until(parcel_frames_acknowledged_);
  least_lambdas_.drop_until(way_.acknowledged);
  way_.earliest = least_lambdas_.least();
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
  unacknowledged_.push_back({bytes, next.has_lambdas});
  unacknowledged_bytes_ += bytes;
  least_waiting_.drop_until(parcel_frames_sent_ - waiting_.size());
  if (next.has_lambdas) {
    least_lambdas_.push(++way_.sent, next.earliest);
    way_.earliest = least_lambdas_.least();
  }
  return next;
}

// What it does not answer for any more as something that waits is on its way there instead.
void Link::let_go() {
  while (auto next = take_waiting()) {
    if (next->has_lambdas)
      elsewhere_ = std::min(elsewhere_, next->earliest);
    ready_.push_back(*std::move(next));
  }
  others_are_at(elsewhere_);
}

void Link::begin_anew(double least) {
  clock_ = clock_told_ = least;
  wanted_told_ = wanted_here_ = infinity;
  standing_.reset();
  standing_told_ = Instant::beginning();
}

void Link::tell_anew() { outbox_.announce(least_waiting_.least()); }

void Link::send_report(const NodeReport& report, std::uint64_t round,
                       std::vector<std::vector<std::byte>>& frames) {
  FrameHeader header;
  header.phase = 2 * round - 1;
  header.report = report;
  append_frame(header, {}, frames);
}

bool Link::has_something_to_say(const News& news, double wanted) const {
  return (news.end_time && *news.end_time < end_time_told_) ||
         (wanted != wanted_told_ && wanted < infinity) ||
         (waiting_.empty() && news.clock > wanted_here_) || tells_standing(news);
}

double Link::standing_wanted(std::uint64_t lambda_frames_received) const {
  if (wanted_here_ == infinity || lambda_frames_received != lambda_frames_told_)
    return wanted_here_;
  return std::max(wanted_here_, std::nextafter(standing_told_.absorption, infinity));
}

bool Link::tells_standing(const News& news) const {
  return news.standing != nullptr && news.standing->next.absorption >= wanted_here_ &&
         wanted_here_ < infinity &&
         (news.standing->next > standing_told_ ||
          news.lambda_frames_received != lambda_frames_told_);
}

// The clock comes behind all that was emitted before it, and a standing behind all that was sent.
void Link::send(const News& news, double wanted, std::vector<std::vector<std::byte>>& frames) {
  constexpr std::size_t acknowledged_in_parts = 4;
  if (ready_.empty() && !has_something_to_say(news, wanted) &&
      bytes_to_acknowledge_ <= limits_.credit_bytes / acknowledged_in_parts)
    return;
  FrameHeader header;
  header.phase = news.phase;
  if (news.end_time && *news.end_time < end_time_told_)
    header.end_time = end_time_told_ = *news.end_time;
  if (wanted != wanted_told_ && wanted < infinity)
    header.wanted = wanted_told_ = wanted;
  for (std::size_t i = 0; i < ready_.size() || i == 0; ++i) {
    if (i + 1 >= ready_.size())
      tell_where_this_node_is(news, header);
    const bool has_records = i < ready_.size();
    if (has_records)
      header.earliest = ready_[i].earliest;
    append_frame(header, has_records ? ready_[i].records : std::vector<std::byte>(), frames);
    header = {};
    header.phase = news.phase;
  }
  ready_.clear();
}

void Link::tell_where_this_node_is(const News& news, FrameHeader& header) {
  if (waiting_.empty() && news.clock > clock_told_)
    header.clock = clock_told_ = news.clock;
  if (news.standing != nullptr && (news.standing->next != standing_told_ ||
                                   news.lambda_frames_received != lambda_frames_told_)) {
    header.standing = *news.standing;
    standing_told_ = news.standing->next;
    lambda_frames_told_ = news.lambda_frames_received;
  }
  if (clock_told_ > wanted_here_ ||
      (header.standing && header.standing->next.absorption >= wanted_here_))
    wanted_here_ = infinity;
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
