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

// What an entry of the log is.
enum class Kind : std::uint8_t { view, note, machine };

std::vector<std::byte> entry_of(const View& view) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::view));
  out.raw(encode(view));
  return out.take();
}

std::vector<std::byte> entry_of(const RunNote& note) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::note));
  write_note(note, out);
  return out.take();
}

std::vector<std::byte> encode(const ControlGroup::State& state) {
  const std::vector<std::byte> view = encode(state.view);
  BytesWriter out;
  out.varint(view.size());
  out.raw(view);
  state.runs.write(out);
  out.varint(state.machine.size());
  out.raw(state.machine);
  return out.take();
}

Result<ControlGroup::State> read_state(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const std::size_t size = in.count(1);
  Result<View> view = decode_view(in.raw(size));
  if (!view)
    return view.error();
  ControlGroup::State state{*std::move(view), RunLedger::read(in)};
  const std::span<const std::byte> machine = in.raw(in.count(1));
  state.machine.assign(machine.begin(), machine.end());
  if (!in.at_end())
    return Error{Errc::bad_message, "no state of a cluster"};
  return state;
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
  raft::Recovered found;
  if (options_.machine != nullptr)
    static_cast<void>(options_.machine->restore({}));
  if (!joins) {
    if (options_.machine != nullptr)
      options_.machine->enter(view_);
    raft::Persist persist = first_state({view_, {}});
    found.snapshot = persist.snapshot;
    found.hard_state = *persist.hard_state;
    to_persist_.push_back({group, std::move(persist)});
  }
  begin(std::move(found));
}

ControlGroup::ControlGroup(View last, raft::Recovered found, const ControlOptions& options,
                           double now_s)
    : options_(options), view_(std::move(last)), groups_(groups_options(options)),
      seen_(view_.epoch, view_.members.size()), next_tick_s_(now_s + options.tick_s) {
  STOS_ASSERT(found.snapshot != nullptr, "a log without a view");
  (void)set_state(found.snapshot->data);
  begin(std::move(found));
}

void ControlGroup::begin(raft::Recovered state) {
  constexpr std::uint64_t trailing_entries = 100; // they may be long
  raft::Options of_group;
  of_group.limits.trailing_entries = trailing_entries;
  of_group.seed = options_.seed;
  of_group.election = options_.election;
  const Result<void> added = groups_.add(group, of_group, std::move(state));
  STOS_ASSERT(added, added.error().context);
}

std::optional<ControlGroup::State> ControlGroup::last_state(const raft::Recovered& found) {
  if (found.snapshot == nullptr)
    return std::nullopt;
  Result<State> state = read_state(found.snapshot->data);
  return state ? std::optional(*std::move(state)) : std::nullopt;
}

raft::Persist ControlGroup::first_state(const State& state) {
  raft::Configuration all;
  all.voters = state.view.ids();
  raft::Persist persist;
  // As if an entry had said so: so nodes that come later get it as a snapshot, too.
  constexpr raft::EntryId first{{1}, {1}};
  persist.snapshot =
      std::make_shared<const raft::Snapshot>(raft::Snapshot{first, std::move(all), encode(state)});
  persist.hard_state = raft::HardState{first.term, {}};
  return persist;
}

bool ControlGroup::set_state(std::span<const std::byte> bytes) {
  Result<State> state = read_state(bytes);
  if (!state)
    return false;
  snapshot_bytes_ = bytes.size();
  bytes_since_snapshot_ = 0;
  runs_ = std::move(state->runs);
  if (options_.machine != nullptr) {
    if (!options_.machine->restore(state->machine))
      return false;
    options_.machine->enter(state->view);
  }
  enter(std::move(state->view));
  return true;
}

bool ControlGroup::is_seated() const {
  const auto own = view_.index_of(options_.self);
  return own && std::max<std::uint64_t>(view_.members[*own].life, 1) == options_.life;
}

Result<void> ControlGroup::hear(raft::NodeId from, std::span<const std::byte> frame) {
  const Result<raft::Frame> read = raft::read_frame_of(from, frame);
  if (!read)
    return read.error();
  groups_.step(*read);
  return {};
}

void ControlGroup::hear(raft::NodeId from, Reachability reachability) {
  if (const auto index = view_.index_of(from))
    seen_.hear(*index, std::move(reachability));
}

void ControlGroup::tick(Reachability own, std::vector<View::Member> now,
                        std::vector<View::Member> newcomers, double now_s) {
  if (!failure_ && fsm().failure())
    failure_ = fsm().failure();
  if (failure_)
    return;
  now_ = std::move(now);
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
  if (fsm().leads() && !is_out_)
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
  if (lost.empty())
    return;
  const std::size_t left = view_.members.size() - lost.size();
  const std::string of_view = std::to_string(left) + " of " + std::to_string(view_.members.size()) +
                              " nodes of view " + std::to_string(view_.epoch);
  raft::Configuration voters = fsm().log().configuration();
  if (voters.voters.empty()) // it has joined, and has not got the log yet
    voters.voters = view_.ids();
  if (voters.has_quorum([&](raft::NodeId node) { return !is_lost(node); }))
    return;
  failure_ = Error{
      Errc::node_lost,
      is_seated()
          ? names(view_, lost) + (lost.size() == 1 ? " is" : " are") +
                " gone, and what is left is no majority: " + of_view
          : names(view_, lost) + (lost.size() == 1 ? " has" : " have") +
                " not come (cluster.start_timeout), and what is here is no majority: " + of_view +
                "; wanted: more of them, or, if they are lost for good, stos recover"};
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

bool ControlGroup::propose(std::span<const std::byte> entry) {
  if (!leads())
    return false;
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::machine));
  out.raw(entry);
  const bool is_under_way = static_cast<bool>(fsm().propose(out.take()));
  groups_.touched(group);
  return is_under_way;
}

void ControlGroup::lead(double now_s) {
  change_members();
  const raft::Term term = fsm().term();
  if (std::exchange(proposed_in_, term) != term) {
    proposed_ = 0;
    notes_proposed_.clear();
  }
  propose_notes();
  if (proposed_ > view_.epoch)
    return; // it is under way
  const std::optional<View> next = next_view(now_s);
  if (!next)
    return;
  if (fsm().propose(entry_of(*next)))
    proposed_ = next->epoch;
  groups_.touched(group);
}

// What members want to have written down, and is not.
void ControlGroup::propose_notes() {
  std::erase_if(notes_proposed_, [this](const RunNote& note) { return runs_.has(note); });
  for (const RunNote& note : seen_.notes()) {
    if (runs_.has(note) || std::ranges::count(notes_proposed_, note) > 0 ||
        notes_proposed_.size() >= RunLedger::runs_max)
      continue;
    if (fsm().propose(entry_of(note)))
      notes_proposed_.push_back(note);
    groups_.touched(group);
  }
}

// Whose agreement counts: the members of the view; but those that leave agree to that first, as
// they are gone once the next view has come. If it cannot be now, then at the next tick.
void ControlGroup::change_members() {
  const raft::Configuration& now = fsm().log().configuration();
  const std::vector<raft::NodeId> staying = without_leaving().ids();
  if (now.is_joint() || now.voters == staying || (cut_ != Cut::taken && now.voters == view_.ids()))
    return;
  static_cast<void>(fsm().change_members(cut_ == Cut::taken ? staying : view_.ids(), {}));
  groups_.touched(group);
}

bool ControlGroup::can_do_without_leaving() const {
  const raft::Configuration& now = fsm().log().configuration();
  return !now.is_joint() && fsm().log().configuration_index() <= fsm().commit_index() &&
         now.voters == without_leaving().ids();
}

// One has to stay.
View ControlGroup::without_leaving() const {
  View left = view_;
  const std::vector<std::size_t> leaving = seen_.who_wants_to_leave();
  for (auto at = leaving.rbegin(); at != leaving.rend(); ++at)
    if (left.members.size() > 1)
      left.members.erase(left.members.begin() + static_cast<std::ptrdiff_t>(*at));
  return left;
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
  std::vector<std::size_t> anew;
  for (std::size_t i = 0; i < now_.size(); ++i)
    if (now_[i].life != view_.members[i].life)
      anew.push_back(i);
  View next = view_;
  seat_all(next);
  ++next.epoch;
  next.why = anew.size() == now_.size() && !anew.empty()
                 ? "all nodes have started again"
                 : (anew.empty() ? "a connection was lost, and is there again"
                                 : names(view_, anew) + (anew.size() == 1 ? " has" : " have") +
                                       " started again");
  return next;
}

// A process may have started anew since the last view.
void ControlGroup::seat_all(View& next) const {
  for (View::Member& member : next.members)
    for (const View::Member& now : now_)
      if (now.name == member.name && view_.index_of(member.id)) {
        member.life = now.life;
        member.address = now.address;
      }
}

// With all that want to come and can, without those that want to leave; once the runs are cut.
std::optional<View> ControlGroup::planned_view() {
  View next = without_leaving();
  std::vector<std::size_t> leaving;
  for (std::size_t i = 0; i < view_.members.size(); ++i)
    if (!next.index_of(view_.members[i].id))
      leaving.push_back(i);
  next.left += leaving.size();
  std::string coming;
  for (View::Member newcomer : newcomers_)
    if (seen_.all_reach(newcomer.life) && next.members.size() < View::members_max) {
      coming += (coming.empty() ? "" : ", ") + newcomer.name;
      newcomer.id = {++next.last_id};
      ++next.joined;
      next.members.push_back(std::move(newcomer));
    }
  if (next.members == view_.members)
    return std::nullopt;
  if (cut_ == Cut::none) {
    cut_ = Cut::wanted;
    wants_cut_ = true;
  }
  if (cut_ != Cut::taken || (!leaving.empty() && !can_do_without_leaving()))
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
  View next = view_;
  ++next.epoch;
  next.lost += gone.size();
  next.members.clear();
  next.why = names(view_, gone) + (gone.size() == 1 ? " is gone" : " are gone");
  for (std::size_t i = 0; i < view_.members.size(); ++i)
    if (!std::ranges::binary_search(gone, i))
      next.members.push_back(view_.members[i]);
  seat_all(next);
  const bool is_majority = fsm().log().configuration().has_quorum(
      [&next](raft::NodeId node) { return next.index_of(node).has_value(); });
  return is_majority ? std::optional(std::move(next)) : std::nullopt;
}

void ControlGroup::apply(const raft::Apply& what) {
  if (what.snapshot)
    (void)set_state(what.snapshot->data);
  bool compacts = false;
  for (const raft::EntryPtr& entry : what.entries)
    if (entry->kind == raft::EntryKind::command && !apply(entry->data))
      compacts = true;
  constexpr std::size_t entries_bytes_min = 64 << 10;
  if (bytes_since_snapshot_ > std::max(entries_bytes_min, snapshot_bytes_))
    compacts = true;
  if (compacts && !what.entries.empty())
    compact(what.entries.back()->index);
}

void ControlGroup::compact(raft::LogIndex upto) {
  State state{view_, runs_};
  if (options_.machine != nullptr)
    state.machine = options_.machine->snapshot();
  std::vector<std::byte> bytes = encode(state);
  snapshot_bytes_ = bytes.size();
  bytes_since_snapshot_ = 0;
  static_cast<void>(fsm().compact(upto, std::move(bytes)));
  groups_.touched(group);
}

bool ControlGroup::apply(std::span<const std::byte> entry) {
  BytesReader in(entry);
  const std::uint8_t kind = in.u8();
  if (!in.ok())
    return true;
  if (kind == static_cast<std::uint8_t>(Kind::machine)) {
    bytes_since_snapshot_ += entry.size();
    if (options_.machine != nullptr)
      options_.machine->apply(entry.subspan(1));
    return true;
  }
  if (kind == static_cast<std::uint8_t>(Kind::view)) {
    if (Result<View> view = decode_view(entry.subspan(1)); view) {
      if (options_.machine != nullptr)
        options_.machine->enter(*view);
      enter(*std::move(view));
    }
  } else if (const RunNote note = read_note(in); in.at_end()) {
    runs_.enter(note);
  }
  return false;
}

// Of two leaders one after the other, both may have proposed the same epoch: the first one counts.
void ControlGroup::enter(View next) {
  if (next.epoch <= view_.epoch || failure_ || is_out_)
    return;
  if (!next.index_of(options_.self) && !is_seated()) {
    is_out_ = true; // it hears so from a member, and comes as a new one
    return;
  }
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
  view_ = std::move(next);
  seen_ = Reachabilities(view_.epoch, view_.members.size());
  gone_.clear();
  now_.clear();
  cut_ = Cut::none;
  if (is_seated())
    log_.push_back("view epoch=" + std::to_string(view_.epoch) + " nodes=" +
                   std::to_string(view_.members.size()) + " reason=\"" + view_.why + "\"");
  views_.push_back(view_);
}

ControlGroup::Output ControlGroup::take_output() {
  Output output;
  output.to_persist = std::exchange(to_persist_, {});
  // What is applied may lead to more that is to be sent.
  for (;;) {
    raft::GroupsOutput of_groups = groups_.take_output();
    if (of_groups.empty())
      break;
    for (auto& [of, what] : of_groups.to_persist)
      output.to_persist.push_back({of, std::move(what)});
    for (const raft::Frame& frame : of_groups.to_send) {
      BytesWriter out;
      write(frame, out);
      output.frames.emplace_back(frame.to, out.take());
    }
    for (const auto& [of, what] : of_groups.to_apply)
      apply(what);
  }
  output.views = std::exchange(views_, {});
  output.log = std::exchange(log_, {});
  output.wants_cut = std::exchange(wants_cut_, false);
  output.refused = std::exchange(refused_, {});
  return output;
}

} // namespace stos::detail
