#include "actors/run/snapshots.hpp"

#include "actors/messages/luggage.hpp"
#include "actors/status/status_desk.hpp"
#include "config/interruption.hpp"
#include "config/program.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/image/agent_image.hpp"
#include "libstos/image/cut_bytes.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/resumption.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <set>
#include <utility>

namespace stos::detail {
namespace {

constexpr double never = Instant::never().absorption;

// So many whole cuts may wait while another one is written.
constexpr std::size_t waiting_max = 1;

// What is written while the run goes on goes to its file so often, where no cuts are wanted that
// say when: on a node that no other one can take the place of, and where a cut in memory has to be
// behind it.
constexpr double release_every_s = 1;
constexpr double release_behind_cuts_every_s = 10;
constexpr std::uint64_t asked_for_files = 0; // no user's number

std::string text_of_cut(double time) { return "the cut at " + exact_text(time) + " s"; }

// Whether agents of the classes that the set-up has made can be saved is known before the run.
void require_that_all_can_be_saved(const World& world) {
  std::set<const AgentOps*> seen;
  for (const Cell* cell : world.setup.effects.changes().born)
    if (cell->agent != nullptr && seen.insert(cell->ops).second)
      if (const auto why = obstacle_to_image(*cell))
        throw UsageError(Errc::not_supported,
                         "cuts are wanted (snapshot.at, snapshot.every or snapshot.at_exit), but " +
                             describe(*cell) + " cannot be saved: " + *why);
}

bool may_be_cut(const World& world, const Snapshots::Site& site) {
  return world.options.snapshot.wants_cuts() || stands_still(world) || site.answer;
}

// That the world begins with.
std::size_t agents_of(const World& world) {
  return world.resumption != nullptr ? world.resumption->agents.size()
                                     : world.setup.effects.changes().born.size();
}

std::uint64_t new_lineage(const std::string& run) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return mix64(static_cast<std::uint64_t>(now) + mix64(static_cast<std::uint64_t>(getpid()))) ^
         hash_text(run);
}

} // namespace

Snapshots::Snapshots(World& world, Site site)
    : world_(world), site_(std::move(site)),
      streams_(world, is_first(),
               may_be_cut(world, site_) ? OutputStreams::Text::is_kept
                                        : OutputStreams::Text::is_dropped),
      options_(world.options.snapshot), at_(options_.at_s),
      lineage_(site_.beginning.lineage != 0 ? site_.beginning.lineage
                                            : new_lineage(site_.beginning.origin.run)) {
  if (!may_be_cut(world, site_) && !streams_.are_wanted())
    return;
  if (options_.wants_cuts())
    require_that_all_can_be_saved(world);
  if (stands_still(world))
    at_.push_back(world.stands_at);
  for (const CutRecord& record : site_.cuts_before)
    records_[record.time] = record;
  if (site_.keeper != nullptr && site_.nodes > 1 && !site_.keeper->label())
    plan_cut_of_set_up();
  std::sort(at_.begin(), at_.end());
  at_.erase(std::unique(at_.begin(), at_.end()), at_.end());
  if (is_first() && options_.wants_cuts())
    if (const Result<void> opened = open_store(); !opened)
      throw UsageError(opened.error());
  world.next_stop =
      std::ranges::count(at_, set_up_) > 0 ? set_up_ : next_stop_after(site_.beginning.time);
  world.at_stop = [this](const WorldAtStop& stop) { return at_stop(stop); };
  const std::size_t agents = options_.wants_cuts() ? agents_of(world) / site_.nodes : 0;
  writer_ = std::thread([this, agents] {
    prepare_for(agents);
    write_cuts();
  });
}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  if (writer_.joinable())
    writer_.join();
  world_.at_stop = nullptr;
}

// Right before the first agent begins. Its time is the same on all nodes.
void Snapshots::plan_cut_of_set_up() {
  double first = never;
  const auto& agents = world_.resumption != nullptr ? world_.resumption->agents
                                                    : world_.setup.effects.changes().born;
  std::set<const AgentOps*> seen;
  for (const Cell* cell : agents) {
    first = std::min(first, cell->path.anchor()[0]);
    if (cell->agent == nullptr || !seen.insert(cell->ops).second)
      continue;
    if (const auto why = obstacle_to_image(*cell)) {
      site_.keeper->cannot_keep(describe(*cell) + " cannot be saved: " + *why);
      return;
    }
  }
  if (world_.resumption != nullptr)
    first = site_.beginning.time;
  if (first == never)
    return;
  set_up_ = first;
  at_.push_back(first);
}

// The latest cut, for the next view.
void Snapshots::keep(const Cut& cut) {
  CutKeeper::Label label{cut.time, lineage_, {}};
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [time, record] : records_)
      label.records.push_back(record);
  }
  site_.keeper->keep(cut, label, site_.send_copy);
}

// Beside the run, which need not wait for it.
void Snapshots::prepare_for(std::size_t agents) {
  CutMemory memory = CutMemory::for_agents(agents);
  const std::lock_guard lock(mutex_);
  memory_.take_back(std::move(memory));
}

void Snapshots::give_back(Cut&& cut) {
  const std::lock_guard lock(mutex_);
  memory_.take_back(std::move(cut));
}

Result<void> Snapshots::open_store() {
  if (options_.path.empty() || store_ != nullptr)
    return {};
  Result<std::unique_ptr<CutStore>> store = CutStore::open(options_.path, Access::write);
  if (!store)
    return store.error();
  store_ = *std::move(store);
  return {};
}

void Snapshots::ask(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  asked_.push_back(number);
  world_.wants_stop = true;
}

void Snapshots::abandon() {
  is_abandoned_ = true;
  world_.wants_stop = true;
}

void Snapshots::ask_to_keep(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    asked_to_keep_.insert(number);
  }
  ask(number);
}

// Unless the options want a cut at this time anyway.
bool Snapshots::is_for_keeper(double time, const Pending& pending) const {
  if (is_of_set_up(time))
    return true;
  const std::lock_guard lock(mutex_);
  return !pending.asked.empty() && !is_scheduled(time) &&
         std::ranges::all_of(pending.asked, [this](std::uint64_t number) {
           return asked_to_keep_.contains(number);
         });
}

bool Snapshots::is_scheduled(double time) const {
  return next_stop_after(std::nextafter(time, -never)) == time;
}

// No other node has a part in the run, so there need be no cut behind what is written: if the run
// is begun anew from an earlier one, it writes the same.
bool Snapshots::is_for_files_only(double time) const {
  if (!streams_.are_wanted() || site_.keeper != nullptr || is_scheduled(time) ||
      (options_.every && options_.every->is_wall) ||
      (options_.at_exit && Interruption::signal() != 0))
    return false;
  const std::lock_guard lock(mutex_);
  return asked_.empty();
}

double Snapshots::next_stop_after(double time) const {
  double next = never;
  if (const auto at = std::upper_bound(at_.begin(), at_.end(), time); at != at_.end())
    next = *at;
  if (options_.every && !options_.every->is_wall) {
    const double every = options_.every->s;
    const double before = std::max(0.0, std::floor(time / every));
    for (const double k : {before, before + 1, before + 2}) // one of them, but for a tiny pause
      if (k * every > time && k > 0) {
        next = std::min(next, k * every);
        break;
      }
  }
  return next;
}

double Snapshots::at_stop(const WorldAtStop& stop) {
  stopped_ = std::chrono::steady_clock::now();
  if (is_abandoned_) {
    world_.at_boundary = nullptr; // no agent reaches it here
    world_.end_before(-std::numeric_limits<double>::infinity());
    return never;
  }
  streams_.take(stop);
  if (is_for_files_only(stop.time)) {
    const std::lock_guard lock(mutex_);
    lines_end_ = stop.time;
    changed_.notify_all();
    return next_stop_after(stop.time);
  }
  // Where nothing has happened since the last cut, there is no other one: not on any node.
  const bool is_news = std::exchange(last_cut_, stop.time) != stop.time;
  if (!is_news)
    stop_again_if_asked();
  try {
    if (is_news && !is_left_out(stop.time))
      take_part(stop);
  } catch (const std::exception& problem) { // there is no memory for it
    take(stop.time, Error{Errc::internal, problem.what()});
  }
  if (Interruption::signal() != 0)
    end_early();
  if (stop.time == world_.stands_at) { // no agent reaches its boundary here
    world_.at_boundary = nullptr;
    world_.end_before(stop.time);
  }
  return next_stop_after(stop.time);
}

void Snapshots::end_early() {
  if (site_.nodes > 1)
    world_.wants_end = true;
  else
    world_.end_before(-std::numeric_limits<double>::infinity());
}

void Snapshots::stop_again_if_asked() {
  const std::lock_guard lock(mutex_);
  if (!asked_.empty())
    world_.wants_stop = true;
}

double Snapshots::seconds_of_pause() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - stopped_).count();
}

// That is for the first node to say: it drops what others have of the cut.
bool Snapshots::is_left_out(double time) {
  if (!is_first() || Interruption::signal() != 0 ||
      std::binary_search(at_.begin(), at_.end(), time))
    return false;
  {
    const std::lock_guard lock(mutex_);
    const auto part = pending_.find(time);
    const std::size_t others = pending_.size() - (part != pending_.end() ? 1 : 0);
    if (complete_.size() + others <= waiting_max || !asked_.empty())
      return false;
    ++left_out_;
    const std::size_t heard = part != pending_.end() ? part->second.parts_heard : 0;
    if (heard + 1 < site_.nodes)
      dropped_[time] = site_.nodes - 1 - heard;
    pending_.erase(time);
  }
  CutRecord record;
  record.time = time;
  conclude(record, "it was left out");
  return true;
}

void Snapshots::take_part(const WorldAtStop& stop) {
  CutMemory memory;
  {
    const std::lock_guard lock(mutex_);
    memory = std::exchange(memory_, {});
  }
  const NoLuggage here_to_stay;
  Result<CutPart> part = take_part_of_cut(world_, stop, memory);
  {
    const std::lock_guard lock(mutex_);
    memory_.take_back(std::move(memory));
  }
  if (part && site_.names != nullptr)
    part->cut.names = site_.names->all();
  if (part)
    part->cut.streamed = streams_.since_last_cut();
  take(stop.time, std::move(part));
}

// Of this node.
void Snapshots::take(double time, Result<CutPart> part) {
  const std::lock_guard lock(mutex_);
  ++taken_;
  if (is_first() && !is_of_set_up(time))
    pending_[time].asked = std::exchange(asked_, {});
  else if (!asked_.empty())
    world_.wants_stop = true;
  add(time, std::move(part), seconds_of_pause());
}

// To the first node. In pieces, so that other messages get through between them.
void Snapshots::send(double time, Pending part) {
  CutMessage message;
  message.from = static_cast<std::uint32_t>(site_.own_node);
  message.time = time;
  message.problem = part.problem;
  if (part.parts.empty())
    return site_.send_part(std::move(message));
  const std::vector<std::byte> bytes = encode(part.parts.front());
  give_back(std::move(part.parts.front().cut));
  send_in_pieces(message, bytes, site_.send_part);
}

void Snapshots::hear(CutMessage message) {
  if (is_first())
    return hear_part(std::move(message));
  const std::lock_guard lock(mutex_);
  if (!message.more)
    return hear_end(message);
  pieces_[{message.from, message.time}].add(std::move(message.data.data));
}

// It is read where the cut is written: here, the run would have to wait.
void Snapshots::hear_part(CutMessage message) {
  const std::lock_guard lock(mutex_);
  const auto dropped = dropped_.find(message.time);
  Pieces& pieces = pieces_[{message.from, message.time}];
  if (dropped == dropped_.end())
    pieces.add(std::move(message.data.data));
  if (message.more)
    return;
  Pieces part = std::move(pieces);
  pieces_.erase({message.from, message.time});
  if (dropped != dropped_.end()) {
    if (--dropped->second == 0)
      dropped_.erase(dropped);
    return;
  }
  Pending& cut = pending_[message.time];
  if (message.problem.empty())
    cut.encoded.push_back(std::move(part));
  else
    cut.problem = message.problem;
  count_part(message.time);
}

// From the first node. Of a world that stands still, all of it has come before. @pre locked
void Snapshots::hear_end(const CutMessage& message) {
  auto bytes = pieces_.extract({message.from, message.time});
  BytesReader in(message.data.data);
  const Result<CutRecord> record = read_record(in);
  if (message.problem.empty() && record) {
    streams_.forget(message.time);
    if (!message.is_kept_only)
      enter(*record);
  }
  if (!bytes.empty() && record)
    if (Result<CutPart> whole = decode_cut_part(bytes.mapped().take())) {
      whole->cut.origin = site_.beginning.origin;
      present_ = std::make_shared<const Present>(Present{std::move(whole->cut), *record});
    }
  ++concluded_;
  changed_.notify_all();
}

// Other nodes have their own part only. @pre locked
void Snapshots::add(double time, Result<CutPart> part, double pause_s) {
  Pending& cut = pending_[time];
  cut.pause_s += pause_s;
  if (part)
    cut.parts.push_back(*std::move(part));
  else
    cut.problem = part.error().context;
  count_part(time);
}

// @pre locked
void Snapshots::count_part(double time) {
  Pending& cut = pending_[time];
  if (++cut.parts_heard < (is_first() ? site_.nodes : 1))
    return;
  complete_.emplace_back(time, std::move(cut));
  pending_.erase(time);
  changed_.notify_all();
}

// By the clock on the wall: for cuts that the options want so, or else for files.
std::optional<double> Snapshots::seconds_between_stops() const {
  if (!is_first())
    return std::nullopt;
  if (options_.every && options_.every->is_wall)
    return options_.every->s;
  if (!streams_.are_wanted())
    return std::nullopt;
  return site_.keeper != nullptr ? release_behind_cuts_every_s : release_every_s;
}

// @pre locked
void Snapshots::ask_by_clock() {
  const bool wants_cut = options_.every && options_.every->is_wall;
  if (!wants_cut && site_.keeper != nullptr) {
    if (!is_kept_for_lines_ || !site_.keeper->why_not().empty())
      return;
    asked_to_keep_.insert(asked_for_files);
    asked_.push_back(asked_for_files);
  }
  world_.wants_stop = true;
}

// Between two cuts it waits for the next one, or until it is time for one of the clock on the wall.
void Snapshots::write_cuts() {
  using Clock = std::chrono::steady_clock;
  const std::optional<double> by_wall = seconds_between_stops();
  const auto pause = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(by_wall.value_or(0)));
  Clock::time_point due = Clock::now() + pause;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto has_work = [this] { return is_over_ || !complete_.empty() || lines_end_; };
    if (!by_wall)
      changed_.wait(lock, has_work);
    else if (!changed_.wait_until(lock, due, has_work)) {
      ask_by_clock();
      due = Clock::now() + pause;
      continue;
    }
    if (complete_.empty() && !lines_end_)
      return;
    is_writing_ = true;
    if (complete_.empty()) { // behind all cuts: their text ends where they do
      const double end = *std::exchange(lines_end_, std::nullopt);
      lock.unlock();
      streams_.join(end);
      release_lines();
    } else {
      auto [time, cut] = std::move(complete_.front());
      complete_.pop_front();
      lock.unlock();
      if (is_first())
        write(time, std::move(cut));
      else
        send(time, std::move(cut));
    }
    lock.lock();
    is_writing_ = false;
    due = Clock::now() + pause;
    changed_.notify_all();
  }
}

void Snapshots::write(double time, Pending pending) {
  Result<StoredCut> result = Error{};
  try {
    result = write_joined(time, pending);
  } catch (const std::exception& problem) { // there is no memory for it
    result = Error{Errc::internal, "was not taken: " + std::string(problem.what())};
  }
  if (!result) {
    complain(time, result.error().context);
    const std::lock_guard lock(mutex_);
    if (std::ranges::count(pending.asked, asked_for_files) > 0)
      is_kept_for_lines_ = false;
  }
  answer(pending.asked, result);
}

void Snapshots::decode(Pending& pending) {
  for (Pieces& encoded : pending.encoded) {
    Result<CutPart> part = decode_cut_part(encoded.take());
    if (part)
      pending.parts.push_back(*std::move(part));
    else
      pending.problem = part.error().context;
  }
}

// Whatever becomes of it, all nodes come to know.
Result<StoredCut> Snapshots::write_joined(double time, Pending& pending) {
  StoredCut done;
  done.record.time = time;
  done.pause_s = pending.pause_s;
  decode(pending);
  if (!pending.problem.empty()) {
    conclude(done.record, pending.problem);
    return Error{Errc::not_supported, "was not taken: " + pending.problem};
  }
  Cut cut = join(world_, std::move(pending.parts));
  cut.origin = site_.beginning.origin;
  streams_.join(time, cut.streamed);
  done.record = cut.record();
  const bool is_present = time == world_.stands_at;
  if (is_present && site_.tell_all) {
    CutPart whole;
    whole.cut = std::move(cut);
    CutMessage message;
    message.time = time;
    send_in_pieces(message, encode(whole), [this](CutMessage& piece) {
      piece.more = true; // the record comes behind it
      site_.tell_all(piece);
    });
    cut = std::move(whole.cut);
  }
  const bool is_kept_only = is_for_keeper(time, pending);
  conclude(done.record, "", is_kept_only);
  const CutRecord record = done.record;
  if (site_.keeper != nullptr && !is_present)
    keep(cut);
  if (is_kept_only) {
    give_back(std::move(cut));
    release_lines();
    return done;
  }
  Result<StoredCut> stored = store_and_tell(cut, std::move(done));
  if (stored)
    release_lines();
  if (!is_present) {
    give_back(std::move(cut));
  } else if (stored) {
    const std::lock_guard lock(mutex_);
    present_ = std::make_shared<const Present>(Present{std::move(cut), record});
  }
  return stored;
}

Result<StoredCut> Snapshots::store_and_tell(const Cut& cut, StoredCut done) {
  std::string text = done.to_string();
  const bool is_stored =
      cut.time != world_.stands_at || std::ranges::count(options_.at_s, cut.time) > 0;
  if (const Result<void> opened = is_stored ? open_store() : Result<void>(); !opened)
    return Error{opened.error().code, "was not stored: " + opened.error().context};
  if (is_stored && store_ != nullptr) {
    const Result<CutStore::Written> written = store(cut, done.record);
    if (!written)
      return Error{written.error().code, "was not stored: " + written.error().context};
    done.place = store_->place();
    done.number = written->number;
    text += "; number " + std::to_string(written->number) + " in " + done.place + ", " +
            std::to_string(written->chunks_new) + " of " + std::to_string(written->chunks) +
            " chunks are new, " + std::to_string(written->bytes_stored) + " bytes" +
            (written->warning.empty() ? "" : "; " + written->warning);
  }
  if (is_stored && !world_.options.digest_only)
    tell(text);
  return done;
}

Result<CutStore::Written> Snapshots::store(const Cut& cut, const CutRecord& record) {
  const EncodedCut encoded = encode(cut);
  CutLabel label;
  label.run = cut.origin.run;
  label.lineage = lineage_;
  label.time = cut.time;
  label.state_digest = record.state_digest.to_string();
  label.agents = record.agents;
  label.written_s = static_cast<std::int64_t>(seconds_since_1970());
  return store_->write(label, encoded, options_.keep);
}

// The set-up's cut is for the keeper only, and stands in no summary.
void Snapshots::show(ContinuityStatus& status) const {
  if (site_.keeper != nullptr && is_first()) {
    const ClusterOptions& cluster = world_.options.cluster;
    const std::size_t others = std::max<std::size_t>(cluster.nodes.value_or(1), site_.nodes) - 1;
    status.copies_missing =
        site_.keeper->copies_missing(std::min<std::size_t>(cluster.copies, others));
  }
  const std::lock_guard lock(mutex_);
  status.cuts = records_.size();
  if (records_.empty())
    return;
  status.cut_time = records_.rbegin()->first;
  status.cut_taken_s = last_taken_s_;
}

// @pre locked
void Snapshots::enter(const CutRecord& record) {
  records_[record.time] = record;
  last_taken_s_ = seconds_since_1970();
}

void Snapshots::conclude(const CutRecord& record, const std::string& problem, bool is_kept_only) {
  if (site_.tell_all) {
    BytesWriter out;
    write_record(record, out);
    CutMessage message;
    message.time = record.time;
    message.problem = problem;
    message.is_kept_only = is_kept_only;
    message.data.data = out.take();
    site_.tell_all(std::move(message));
  }
  if (!problem.empty() || is_kept_only)
    return;
  const std::lock_guard lock(mutex_);
  enter(record);
}

void Snapshots::complain(double time, const std::string& what) {
  if (is_of_set_up(time))
    return site_.keeper->cannot_keep("the cut of the set-up " + what);
  const std::string text = text_of_cut(time) + " " + what;
  const bool is_present = time == world_.stands_at;
  if (!options_.is_required && !is_present) {
    tell("warning: " + text + "; the run goes on");
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!failure_)
      failure_ = Failure{{Instant::never(), {}, {}, 0},
                         {is_present ? Errc::not_supported : Errc::io_error,
                          text + (is_present ? "" : " (snapshot.required is true)")}};
  }
  world_.end_before(-std::numeric_limits<double>::infinity());
}

// What cannot be written ends the run: nobody wants one that loses what it is run for.
void Snapshots::release_lines() {
  const std::optional<Error> problem = streams_.release();
  if (!problem)
    return;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_)
      failure_ = Failure{{Instant::never(), {}, {}, 0}, *problem};
  }
  world_.end_before(-std::numeric_limits<double>::infinity());
}

void Snapshots::answer(const std::vector<std::uint64_t>& asked, const Result<StoredCut>& result) {
  for (const std::uint64_t number : asked)
    if (number != asked_for_files)
      site_.answer(number, result);
}

std::vector<CutRecord> Snapshots::finish(double patience_s) {
  std::unique_lock lock(mutex_);
  const auto all_are_there = [this] {
    return is_first() ? pending_.empty() : concluded_ == taken_;
  };
  changed_.wait_for(lock, std::chrono::duration<double>(patience_s), all_are_there);
  changed_.wait(lock, [this] { return complete_.empty() && !lines_end_ && !is_writing_; });
  if (left_out_ > 0)
    tell("warning: " + std::to_string(left_out_) +
         " cuts were left out, since the store was slower than they came");
  answer(std::exchange(asked_, {}),
         Error{Errc::bad_argument, "the simulation has ended before it could be cut"});
  if (present_ != nullptr)
    world_.present = present_;
  std::vector<CutRecord> records;
  for (const auto& [time, record] : records_)
    records.push_back(record);
  return records;
}

std::optional<Failure> Snapshots::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

} // namespace stos::detail
