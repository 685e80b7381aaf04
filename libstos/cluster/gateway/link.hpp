#pragma once

#include "libstos/cluster/wire/frame.hpp"
#include "libstos/cluster/wire/parcel_reader.hpp"
#include "libstos/cluster/wire/parcel_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// How much may be between two nodes.
struct LinkLimits {
  std::size_t frame_bytes_max = std::size_t{1} << 20; ///< a frame ends once it is that long
  std::size_t credit_bytes = std::size_t{1} << 24;    ///< sent and not acknowledged
};

/// What was numbered in the order in which it came, and the least time of all that is left of it.
class LeastOfQueue {
public:
  void push(std::uint64_t number, double time) {
    while (!entries_.empty() && entries_.back().time >= time)
      entries_.pop_back();
    entries_.push_back({number, time});
  }
  void drop_until(std::uint64_t number) {
    while (!entries_.empty() && entries_.front().number <= number)
      entries_.pop_front();
  }
  [[nodiscard]] double least() const {
    return entries_.empty() ? Instant::never().absorption : entries_.front().time;
  }

private:
  /// No later one is as early.
  struct Entry {
    std::uint64_t number;
    double time;
  };
  std::deque<Entry> entries_;
};

/// What went over a link so far.
struct LinkCounters {
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t lambdas_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t lambdas_received = 0;
  std::uint64_t credit_waits = 0; ///< frames that had to wait for the receiver
};

/// One node's end of its connection with another node: what is under way in both directions.
///
/// Frames arrive in the order in which they were sent, each of them once; everything else is the
/// link's own business. Of what it sends, at most `credit_bytes` are on their way; the rest waits
/// here, and `is_congested()` says that no more should be produced.
///
/// Threads: none inside; the gateway owns it.
class Link {
public:
  /// What comes over all links goes to the domains in the order in which it was read: through the
  /// outbox of `first`, the first link; null if that is this one.
  Link(Abroad& abroad, DomainBoard& board, NodeIndex node, const LinkLimits& limits, Link* first);

  [[nodiscard]] NodeIndex node() const { return node_; }
  [[nodiscard]] Group group() const { return group_; }

  ParcelWriter& writer() { return writer_; }
  ParcelReader& reader() { return reader_; }

  // ---- what comes in

  /// Queues a frame of the other node.
  void receive(std::vector<std::byte> frame);

  /// The header of the earliest frame that was not read yet; null if there is none. Fails if that
  /// is no frame, or not the next one.
  [[nodiscard]] Result<const FrameHeader*> front();

  /// Reads that frame: its parcels go to the outbox. Fails if it has something from before `bound`,
  /// what all nodes have agreed upon, or before the clock of the other node. @pre front() has
  /// returned it
  [[nodiscard]] Result<void> read_front(double bound);

  /// Hands the parcels that were read from all links to the domains. Of the first link only.
  void deliver();

  /// After that, since it has to come behind them: the clock of the other node, at least `lifted`.
  void publish_clock(double lifted) { board_.publish(group_, std::max(clock_, lifted)); }

  /// Where the other node stood when it told last; none if it has not, or that is of no use now.
  [[nodiscard]] const std::optional<Standing>& standing() const { return standing_; }
  void forget_standing() { standing_.reset(); }

  /// Its clock when it stood there.
  [[nodiscard]] double standing_clock() const { return standing_clock_; }

  /// Tells the domains that nothing happens at the other node before `elsewhere`.
  void others_are_at(double elsewhere) {
    elsewhere_ = elsewhere;
    outbox_.others_are_at(elsewhere);
    outbox_.announce(least_waiting_.least());
  }
  void others_are_at_most(double elsewhere) {
    if (elsewhere < elsewhere_)
      others_are_at(elsewhere);
  }

  // ---- what goes out

  /// Takes what the domains have for that node, which is counted as sent from now on.
  void take_parcels();

  /// At a stop: where to write a record of nothing earlier than `earliest`, and after each one.
  [[nodiscard]] BytesWriter& begin_record(double earliest) {
    body_earliest_ = std::min(body_earliest_, earliest);
    return body_;
  }
  void end_record() {
    if (body_.size() >= limits_.frame_bytes_max)
      end_body();
  }

  /// At a stop, before anything is sent that belongs to it: both ends forget the clocks, all of
  /// which are `least` now; and after it: tells the domains anew what is under way.
  void begin_anew(double least);
  void tell_anew();

  /// Appends the report for `round` to `frames`: a frame of its own, since it has to be read before
  /// the round is complete, what may follow after that.
  void send_report(const NodeReport& report, std::uint64_t round,
                   std::vector<std::vector<std::byte>>& frames);

  /// What waits goes, as far as credit allows; send() must follow.
  void let_go();

  /// What this node says of itself in frames of all links.
  struct News {
    std::uint64_t phase = 0;
    std::optional<double> end_time;
    double clock = Instant::beginning().absorption;
    const Standing* standing = nullptr;       ///< null if it cannot be told now
    std::uint64_t lambda_frames_received = 0; ///< from all nodes
  };

  /// Appends to `frames` what was let go, and what has to be said now. The clock, and where the
  /// node stands, are told if that is news and the other node wants to know, or a frame goes
  /// anyway.
  void send(const News& news, double wanted, std::vector<std::vector<std::byte>>& frames);

  /// The domain's clocks have to be beyond this for the other node to be told; infinite if it does
  /// not want to know.
  [[nodiscard]] double wanted_here() const { return wanted_here_; }

  /// From this time on, the other node wants to be told where this one stands.
  [[nodiscard]] double standing_wanted(std::uint64_t lambda_frames_received) const;

  /// What was told of this node's standing is forgotten.
  void tell_standing_anew() {
    standing_told_ = Instant::beginning();
    wanted_told_ = Instant::never().absorption;
  }

  [[nodiscard]] bool is_congested() const { return waiting_bytes_ > limits_.credit_bytes; }
  /// It has been congested, and what waits is not much less yet.
  [[nodiscard]] bool is_strained() const { return waiting_bytes_ > limits_.credit_bytes / 2; }
  /// What waits here for credit, and what has gone and was not acknowledged.
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t unacknowledged_bytes() const { return unacknowledged_bytes_; }
  [[nodiscard]] bool is_empty() const { return waiting_.empty() && body_.size() == 0; }
  [[nodiscard]] double least_waiting() const { return least_waiting_.least(); }
  [[nodiscard]] double least_unacknowledged() const { return least_unacknowledged_.least(); }

  /// Of lambdas, both ways.
  [[nodiscard]] const Standing::Way& way() const { return way_; }
  [[nodiscard]] std::uint64_t news_sent() const { return news_sent_; } ///< frames
  [[nodiscard]] std::uint64_t news_received() const { return news_received_; }

  /// Whether send() would say something now.
  [[nodiscard]] bool has_news(const News& news, double wanted) const {
    return !waiting_.empty() || !ready_.empty() || has_something_to_say(news, wanted);
  }
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }

private:
  struct Pending {
    double earliest;
    bool has_lambdas;
    std::vector<std::byte> records;
  };
  struct Gone {
    std::size_t bytes;
    bool has_lambdas;
  };

  [[nodiscard]] std::string went_back(const char* what, double time, double bound) const;
  void end_body();
  [[nodiscard]] std::optional<Pending> take_waiting();
  void acknowledge(std::uint64_t parcel_frames);
  [[nodiscard]] Result<void> hear(Standing standing);
  [[nodiscard]] bool has_something_to_say(const News& news, double wanted) const;
  [[nodiscard]] bool tells_standing(const News& news) const;
  void tell_where_this_node_is(const News& news, FrameHeader& header);
  void append_frame(FrameHeader& header, std::span<const std::byte> records,
                    std::vector<std::vector<std::byte>>& frames);

  const NodeIndex node_;
  const NodeIndex own_node_;
  const Group group_;
  const std::size_t nodes_;
  const LinkLimits limits_;
  DomainBoard& board_;
  Outbox outbox_;
  Outbox& to_domains_; // of the first link
  ParcelWriter writer_;
  ParcelReader reader_;

  // In.
  std::deque<std::vector<std::byte>> inbox_;
  std::optional<FrameHeader> front_;
  std::size_t front_size_ = 0; // of its header
  std::uint64_t frames_read_ = 0;
  std::uint64_t parcel_frames_received_ = 0;
  std::uint64_t news_received_ = 0;
  std::size_t bytes_to_acknowledge_ = 0;
  double clock_ = Instant::beginning().absorption; // of the other node
  std::optional<Standing> standing_;               // likewise
  double standing_clock_ = Instant::beginning().absorption;
  double elsewhere_ = Instant::beginning().absorption; // as the domains were told

  // Out.
  BytesWriter body_; // records of the frame that is being made
  double body_earliest_ = Instant::never().absorption;
  bool body_has_lambdas_ = false;
  std::deque<Pending> waiting_;
  std::vector<Pending> ready_;
  std::size_t waiting_bytes_ = 0;
  std::deque<Gone> unacknowledged_;
  LeastOfQueue least_waiting_;        // of frames, by their numbers
  LeastOfQueue least_unacknowledged_; // and of those that wait
  LeastOfQueue least_lambdas_;        // of frames with lambdas, by their own numbers
  Standing::Way way_;
  std::size_t unacknowledged_bytes_ = 0;
  std::uint64_t parcel_frames_sent_ = 0; // and those that wait
  std::uint64_t parcel_frames_acknowledged_ = 0;
  std::uint64_t news_sent_ = 0;
  double clock_told_ = Instant::beginning().absorption;
  Instant standing_told_ = Instant::beginning();
  std::uint64_t lambda_frames_told_ = 0; // with it: received from all nodes
  double wanted_told_ = Instant::never().absorption;
  double wanted_here_ = Instant::never().absorption;
  double end_time_told_ = Instant::never().absorption;
  LinkCounters counters_;
};

} // namespace stos::detail
