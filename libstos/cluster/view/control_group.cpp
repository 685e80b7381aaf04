#include "libstos/cluster/view/control_group.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace stos::detail {
namespace {

constexpr int ticks_at_once_max = 20; // of a node that has stood still

raft::GroupsOptions groups_options(const ControlOptions& options) {
  raft::GroupsOptions groups;
  groups.self = options.self;
  groups.life = options.life;
  return groups;
}

std::string names(const View& view, const std::vector<std::size_t>& members) {
  std::string text;
  for (const std::size_t member : members)
    text += (text.empty() ? "" : ", ") + view.members[member].name;
  return text;
}

} // namespace

ControlGroup::ControlGroup(View first, const ControlOptions& options, bool joins, double now_s)
    : options_(options), view_(std::move(first)), groups_(groups_options(options)),
      seen_(view_.epoch, view_.members.size()), next_tick_s_(now_s + options.tick_s) {
  raft::Recovered state;
  if (!joins) {
    raft::Configuration all;
    all.voters = view_.ids();
    state.snapshot = std::make_shared<const raft::Snapshot>(
        raft::Snapshot{raft::EntryId{}, std::move(all), encode(view_)});
  }
  raft::Options of_group;
  of_group.seed = options.seed;
  of_group.election = options.election;
  const Result<void> added = groups_.add(control, of_group, std::move(state));
  STOS_ASSERT(added, added.error().context);
}

Result<void> ControlGroup::hear(raft::NodeId from, std::span<const std::byte> frame) {
  const Result<raft::Frame> read = raft::read_frame(frame);
  if (!read)
    return read.error();
  if (read->from != from)
    return Error{Errc::bad_message, "a frame of node " + raft::to_string(read->from) +
                                        " from node " + raft::to_string(from)};
  groups_.step(*read);
  return {};
}

void ControlGroup::hear(raft::NodeId from, Reachability reachability) {
  if (const auto index = view_.index_of(from))
    seen_.hear(*index, std::move(reachability));
}

void ControlGroup::tick(Reachability own, std::vector<View::Member> newcomers, double now_s) {
  if (failure_)
    return;
  newcomers_ = std::move(newcomers);
  wants_to_leave_ = own.wants_to_leave;
  if (own.epoch == view_.epoch) {
    look_for_majority(own);
    seen_.hear(own_index(), std::move(own));
  }
  for (int i = 0; i < ticks_at_once_max && now_s >= next_tick_s_; ++i) {
    groups_.tick();
    next_tick_s_ += options_.tick_s;
  }
  next_tick_s_ = std::max(next_tick_s_, now_s);
  note_leader();
  if (fsm().leads())
    lead(now_s);
}

// Who cannot reach a majority decides nothing, and would never hear of what others have decided.
void ControlGroup::look_for_majority(const Reachability& own) {
  const auto& states = own.of;
  const auto is_lost = [&](raft::NodeId node) {
    const auto index = view_.index_of(node);
    return !index || (*index < states.size() && states[*index] == Reachability::State::lost);
  };
  std::vector<std::size_t> lost;
  for (std::size_t i = 0; i < states.size(); ++i)
    if (states[i] == Reachability::State::lost)
      lost.push_back(i);
  if (lost.empty() || fsm().log().configuration().voters.empty())
    return;
  const std::size_t left = view_.members.size() - lost.size();
  if (fsm().log().configuration().has_quorum([&](raft::NodeId node) { return !is_lost(node); }))
    return;
  failure_ =
      Error{Errc::node_lost, names(view_, lost) + (lost.size() == 1 ? " is" : " are") +
                                 " gone, and what is left is no majority: " + std::to_string(left) +
                                 " of " + std::to_string(view_.members.size()) + " nodes of view " +
                                 std::to_string(view_.epoch)};
}

// The first one is no news.
void ControlGroup::note_leader() {
  const raft::NodeId leader = fsm().leader();
  if (!leader || leader == leader_told_ || !std::exchange(leader_told_, leader))
    return;
  log_.push_back("node leads node=" + this->leader() + " term=" + raft::to_string(fsm().term()));
}

std::string ControlGroup::leader() const {
  const auto index = view_.index_of(fsm().leader());
  return index ? view_.members[*index].name : std::string();
}

void ControlGroup::lead(double now_s) {
  change_members();
  const raft::Term term = fsm().term();
  if (proposed_ > view_.epoch && proposed_in_ == term)
    return; // it is under way
  const std::optional<View> next = next_view(now_s);
  if (!next)
    return;
  if (fsm().propose(encode(*next))) {
    proposed_ = next->epoch;
    proposed_in_ = term;
  }
  groups_.touched(control);
}

// Whose agreement counts: the members of the view. If it cannot be now, then at the next tick.
void ControlGroup::change_members() {
  const raft::Configuration& now = fsm().log().configuration();
  if (now.is_joint() || now.voters == view_.ids())
    return;
  static_cast<void>(fsm().change_members(view_.ids(), {}));
  groups_.touched(control);
}

std::optional<View> ControlGroup::next_view(double now_s) {
  std::vector<std::size_t> gone = seen_.who_has_to_go(own_index());
  if (gone != gone_) {
    gone_ = std::move(gone);
    gone_since_s_ = now_s;
  }
  if (!gone_.empty()) {
    const bool is_seen_here = std::ranges::all_of(gone_, [this](std::size_t member) {
      return seen_.between(own_index(), member) == Reachability::State::lost;
    });
    if (!is_seen_here && now_s < gone_since_s_ + settle_s)
      return std::nullopt;
    return view_without(gone_);
  }
  if (seen_.any(Reachability::State::away))
    return std::nullopt;
  if (!seen_.any(Reachability::State::renewed))
    return planned_view();
  View next = view_;
  ++next.epoch;
  next.why = "a connection was lost, and is there again";
  return next;
}

// With all that want to come and can, without those that want to leave; once the runs are cut.
std::optional<View> ControlGroup::planned_view() {
  View next = view_;
  const std::vector<std::size_t> leaving = seen_.who_wants_to_leave();
  for (auto at = leaving.rbegin(); at != leaving.rend(); ++at)
    if (next.members.size() > 1)
      next.members.erase(next.members.begin() + static_cast<std::ptrdiff_t>(*at));
  std::string coming;
  for (View::Member newcomer : newcomers_)
    if (seen_.all_reach(newcomer.life) && next.members.size() < View::members_max) {
      coming += (coming.empty() ? "" : ", ") + newcomer.name;
      newcomer.id = {++next.last_id};
      next.members.push_back(std::move(newcomer));
    }
  if (next.members == view_.members)
    return std::nullopt;
  if (cut_ == Cut::none) {
    cut_ = Cut::wanted;
    wants_cut_ = true;
  }
  if (cut_ != Cut::taken)
    return std::nullopt;
  cut_ = Cut::none;
  std::ranges::sort(next.members, {}, &View::Member::name);
  ++next.epoch;
  next.why = leaving.empty() ? coming + " has joined"
                             : names(view_, leaving) + " leaves" +
                                   (coming.empty() ? "" : ", " + coming + " has joined");
  return next;
}

void ControlGroup::runs_are_cut(const std::optional<Error>& why_not) {
  if (cut_ != Cut::wanted)
    return;
  cut_ = why_not ? Cut::none : Cut::taken;
  if (!why_not)
    return;
  for (const View::Member& newcomer : newcomers_)
    refused_.emplace_back(newcomer.life, "a run cannot be cut now, so that no node can join it: " +
                                             why_not->context);
  log_.push_back("view refused reason=\"a run cannot be cut: " + why_not->context + "\"");
}

// Less than a majority decides nothing.
std::optional<View> ControlGroup::view_without(const std::vector<std::size_t>& gone) const {
  View next;
  next.epoch = view_.epoch + 1;
  next.last_id = view_.last_id;
  next.why = names(view_, gone) + (gone.size() == 1 ? " is gone" : " are gone");
  for (std::size_t i = 0; i < view_.members.size(); ++i)
    if (!std::ranges::binary_search(gone, i))
      next.members.push_back(view_.members[i]);
  const bool is_majority = fsm().log().configuration().has_quorum(
      [&next](raft::NodeId node) { return next.index_of(node).has_value(); });
  return is_majority ? std::optional(std::move(next)) : std::nullopt;
}

void ControlGroup::apply(const raft::Apply& what) {
  if (what.snapshot)
    if (Result<View> view = decode_view(what.snapshot->data); view)
      enter(*std::move(view));
  for (const raft::EntryPtr& entry : what.entries)
    if (entry->kind == raft::EntryKind::command)
      if (Result<View> view = decode_view(entry->data); view)
        enter(*std::move(view));
  if (!what.entries.empty())
    static_cast<void>(fsm().compact(what.entries.back()->index, encode(view_)));
}

// Of two leaders one after the other, both may have proposed the same epoch: the first one counts.
void ControlGroup::enter(View next) {
  if (next.epoch <= view_.epoch)
    return;
  if (!next.index_of(options_.self) && wants_to_leave_) {
    failure_ = Error{Errc::drained, "this node has left, as it was asked to: " + next.to_string() +
                                        " is without it"};
    return;
  }
  if (!next.index_of(options_.self)) {
    failure_ = Error{Errc::node_lost, "this node does not belong to the cluster any more: " +
                                          next.to_string() + " is without it (" + next.why + ")"};
    return;
  }
  view_ = next;
  seen_ = Reachabilities(view_.epoch, view_.members.size());
  gone_.clear();
  cut_ = Cut::none;
  log_.push_back("view epoch=" + std::to_string(view_.epoch) + " nodes=" +
                 std::to_string(view_.members.size()) + " reason=\"" + view_.why + "\"");
  views_.push_back(std::move(next));
}

ControlGroup::Output ControlGroup::take_output() {
  Output output;
  // What is applied may lead to more that is to be sent.
  for (;;) {
    raft::GroupsOutput of_groups = groups_.take_output();
    if (of_groups.empty())
      break;
    for (const raft::Frame& frame : of_groups.to_send) {
      BytesWriter out;
      write(frame, out);
      output.frames.emplace_back(frame.to, out.take());
    }
    for (const auto& [group, what] : of_groups.to_apply)
      apply(what);
  }
  output.views = std::exchange(views_, {});
  output.log = std::exchange(log_, {});
  output.wants_cut = std::exchange(wants_cut_, false);
  output.refused = std::exchange(refused_, {});
  return output;
}

} // namespace stos::detail
