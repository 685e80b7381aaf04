#pragma once

#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/pieces.hpp"
#include "libstos/image/present.hpp"
#include "store/cut_copy.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// The last complete cut of a run on a cluster, as one of its nodes keeps it in memory, from one
/// view to the next: what the run goes on from when a node is lost.
///
/// The first node has all cuts, and sends the last one to as many others as cluster.copies says.
/// When a new view begins, all nodes say what they have, and one that has the latest cut sends it
/// to those that do not; so a run goes on as long as one node is left that has a copy.
///
/// Threads: all functions may be called from anywhere.
class CutKeeper {
public:
  /// What is known of a cut beside its content.
  struct Label {
    double time = 0;
    std::uint64_t lineage = 0;
    std::vector<CutRecord> records; ///< of all cuts of the run up to it, as it keeps them

    friend bool operator==(const Label&, const Label&) = default;
  };
  using Send = std::function<void(const CopyMessage&)>;

  /// On the first node: keeps `cut`, and sends it to others by `send` (null: to none), all of whom
  /// have what was sent before.
  void keep(const Cut& cut, const Label& label, const Send& send);

  /// What was kept is sent whole to a node that has nothing.
  void send(const Send& send) const;

  /// What another node has sent: a piece of a cut. The time of the cut that is complete with it.
  std::optional<double> hear(CopyMessage message);

  /// Another node has the copy of the cut of that time.
  void hear_kept(std::size_t node, double time);

  /// Of the last cut that keep() was given, of so many that are wanted on other nodes.
  [[nodiscard]] std::size_t copies_missing(std::size_t wanted) const;

  /// A view begins, in which this node has that index: what other nodes may have had is not known
  /// any more.
  void begin_view(std::size_t own_node);

  [[nodiscard]] std::optional<Label> label() const;

  /// Waits until it has a cut of that time, or `gives_up` says so, which is asked now and then.
  [[nodiscard]] bool wait_for(double time, const std::function<bool()>& gives_up) const;

  /// Errors: bad_message if it was damaged.
  [[nodiscard]] Result<Present> read() const;

  /// Why the run cannot go on from anywhere; empty if it can, or if nothing was tried yet.
  void cannot_keep(const std::string& why);
  [[nodiscard]] std::string why_not() const;

private:
  void send_news(const CutCopy& copy, const CutCopy& there, const Send& send) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  CutCopy copy_;
  std::uint32_t own_node_ = 0;
  bool others_have_it_ = false;           // they were sent it, in this view
  std::map<std::size_t, double> kept_by_; // which nodes have said so, of a cut of what time
  std::optional<Label> label_;
  std::map<std::uint32_t, Pieces> pieces_; // by node
  std::string why_not_;
};

[[nodiscard]] std::vector<std::byte> encode(const CutKeeper::Label& label);
[[nodiscard]] Result<CutKeeper::Label> decode_label(std::span<const std::byte> bytes);

} // namespace stos::detail
