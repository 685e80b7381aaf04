#include "libstos/cluster/gateway/gateway.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;

// Where the nodes stand is enough to go on. A node that hears no news for that long while it waits
// begins a round; after one that has brought nothing new it waits twice as long.
constexpr double round_pause_min_s = 5e-3;
constexpr double round_pause_max_s = 100e-3;

std::string to_string(const Instant& instant) {
  return "at " + exact_text(instant.absorption) + " s (emitted at " + exact_text(instant.emission) +
         " s, depth " + std::to_string(instant.depth) + ")";
}

} // namespace

Gateway::Gateway(World& world, DomainSet& set, const NodePlace& place, InitialShare& share,
                 const LinkLimits& limits)
    : world_(world), set_(set), board_(set.board()), stops_(set.stops()), abroad_(world, place),
      links_(place.nodes), global_time_(place.own_node, place.nodes),
      round_pause_s_(round_pause_min_s) {
  for (Cell* cell : share.elsewhere)
    abroad_.elsewhere.adopt(*cell);
  for (const NodeIndex node : place.all_nodes()) {
    if (node == place.own_node)
      continue;
    links_[node] = std::make_unique<Link>(abroad_, board_, node, limits, first_link_);
    if (first_link_ == nullptr)
      first_link_ = links_[node].get();
    for (Channel* channel : share.links[node].outgoing)
      links_[node]->writer().adopt(*channel);
    for (const auto& [channel, source] : share.links[node].incoming)
      links_[node]->reader().adopt(*channel, source);
  }
  for (Channel* hold : share.holds_here)
    abroad_.holds.of_agents_here.emplace(hold->far_course().wire, hold);
  for (Channel* hold : share.closed_from_here) {
    AgentsElsewhere::retain(*hold->to);
    abroad_.holds.closed_from_here.emplace(hold->far_course().wire, hold);
  }
  abroad_.elsewhere.drop_unused();
  stops_.connect(*this);
}

Gateway::~Gateway() = default;

void Gateway::receive(NodeIndex node, std::vector<std::byte> frame) {
  links_[node]->receive(std::move(frame));
  board_.wake_gateway();
}

Result<std::uint64_t> Gateway::request_moves(const std::vector<AgentMove>& moves) {
  if (board_.finished())
    return Error{Errc::bad_argument, "the simulation has ended: no agent can move any more"};
  if (moves.size() > moves_of_a_request_max)
    return Error{Errc::bad_argument, "a request for " + std::to_string(moves.size()) +
                                         " moves, at most " +
                                         std::to_string(moves_of_a_request_max) + " are allowed"};
  for (const AgentMove& move : moves)
    if (move.node.number() >= links_.size())
      return Error{Errc::bad_argument, "agent " + std::to_string(move.agent.value) +
                                           " is to move to node " +
                                           std::to_string(move.node.number() + 1) + " of " +
                                           std::to_string(links_.size())};
  requests_.push_back({{++requested_, {}}, moves.size()});
  asked_.insert(asked_.end(), moves.begin(), moves.end());
  board_.wake_gateway();
  return requested_;
}

// The domains' clocks are read before their parcels are taken, so that what was emitted before the
// clock goes ahead of it.
Result<Gateway::Slice> Gateway::run(double now_s, Output& output) {
  board_.gateway_runs();
  if (board_.finished()) {
    pass_answers(output);
    return Slice::finished;
  }
  if (abandoned_)
    return run_abandoned();
  if (!global_time_.outstanding())
    end_if_wanted();
  if (Result<void> read = read_frames(); !read)
    return read.error();
  deliver();
  const double clock = clock_to_tell();
  take_parcels();
  if (wants_round(now_s))
    begin_round();
  const bool at_rest = is_at_rest();
  send(clock, output);
  look_around();
  watch_congestion();
  pass_answers(output);
  output.weights = std::exchange(weights_, std::nullopt);
  if (board_.finished())
    return Slice::finished;
  if (global_time_.is_complete())
    return Slice::more;

  double wanted = infinity;
  double standing = infinity;
  const std::uint64_t received = lambda_frames_received();
  each_link([&](const Link& link) {
    wanted = std::min(wanted, link.wanted_here());
    standing = std::min(standing, link.standing_wanted(received));
  });
  if (board_.some_domain_sleeps() && !global_time_.outstanding())
    output.wake_at_s = next_round_at_s_;
  // A domain that has fallen asleep meanwhile, or does so from now on, wakes the gateway.
  const bool knows = at_rest && is_at_rest() && !wants_quiet_round();
  return board_.park_gateway(wanted, standing, knows) ? Slice::parked : Slice::more;
}

void Gateway::count(EngineCounters& counters) const {
  for (const auto& link : links_)
    if (link != nullptr) {
      counters.frames += link->counters().frames_sent;
      counters.frame_bytes += link->counters().bytes_sent;
      counters.remote_lambdas += link->counters().lambdas_sent;
    }
  counters.rounds = global_time_.rounds();
  counters.moves = move_counters_.left;
}

void Gateway::abandon() {
  abandoned_ = true;
  world_.end_time.store(Instant::beginning().absorption);
  board_.wake_gateway();
}

// What this node reports in a round holds until the round is concluded; a new end would not be in
// it.
void Gateway::end_if_wanted() {
  if (world_.wants_end.load(std::memory_order_relaxed))
    world_.end_time.store(Instant::beginning().absorption);
}

// The domains stop at the next event that they would execute, and fall asleep.
Gateway::Slice Gateway::run_abandoned() {
  if (!board_.all_asleep())
    return board_.park_gateway(infinity, infinity, false) ? Slice::parked : Slice::more;
  world_.at_boundary = nullptr; // no agent reaches it here
  board_.settle(Instant::never());
  board_.refuse_tasks();
  return Slice::finished;
}

Result<void> Gateway::read_frames() {
  for (bool again = true; again;) {
    again = false;
    for (const auto& link : links_)
      if (link != nullptr) {
        const Result<bool> has_read = read_frames_of(*link);
        if (!has_read)
          return has_read.error();
        again = again || *has_read;
      }
    if (Result<void> concluded = conclude_round(); !concluded)
      return concluded.error();
  }
  return {};
}

// Returns whether one was read.
Result<bool> Gateway::read_frames_of(Link& link) {
  bool has_read = false;
  for (;;) {
    const auto front = link.front();
    if (!front)
      return front.error();
    if (*front == nullptr)
      return has_read;
    const std::uint64_t phase_max = 2 * global_time_.rounds() + 1;
    if ((*front)->phase > phase_max)
      return Error{Errc::bad_message, "node " + std::to_string(link.node().number() + 1) +
                                          " is in phase " + std::to_string((*front)->phase) +
                                          ", where no node gets beyond phase " +
                                          std::to_string(phase_max) + " without this node"};
    switch (global_time_.before_reading((*front)->phase)) {
      case GlobalTime::Before::wait: return has_read;
      case GlobalTime::Before::begin_round: begin_round(); break;
      case GlobalTime::Before::nothing: break;
    }
    std::optional<NodeReport> heard = (*front)->report;
    if (heard && !global_time_.hear(link.node(), *std::move(heard)))
      return Error{Errc::bad_message, "node " + std::to_string(link.node().number() + 1) +
                                          " sent a report that belongs to no round"};
    if ((*front)->end_time) {
      double seen = world_.end_time.load(std::memory_order_relaxed);
      while (*(*front)->end_time < seen &&
             !world_.end_time.compare_exchange_weak(seen, *(*front)->end_time))
        ;
    }
    const bool is_news = (*front)->is_news();
    const double bound = std::max(board_.lifted(), board_.floor().absorption);
    if (Result<void> read = link.read_front(bound); !read)
      return read.error();
    if (is_news) {
      reported_quiet_ = false;
      next_round_at_s_.reset(); // the news lets a domain go on
    }
    has_read = true;
  }
}

void Gateway::deliver() {
  first_link_->deliver();
  each_link([this](Link& link) { link.publish_clock(board_.lifted()); });
}

// All that domains have left here before they fell asleep is in the inboxes then.
void Gateway::take_parcels() {
  const std::uint64_t wakeups = board_.wakeups();
  if (board_.all_asleep())
    at_rest_since_ = wakeups;
  else
    at_rest_since_.reset();
  each_link([](Link& link) { link.take_parcels(); });
}

bool Gateway::is_at_rest() const {
  return at_rest_since_ == board_.wakeups() && board_.all_asleep();
}

// What this node has said in it goes first: at a stop, others could begin with their part of what is
// to be done only when this node is through with its own.
Result<void> Gateway::conclude_round() {
  if (!reports_.empty())
    return {};
  auto result = global_time_.take_result();
  if (!result)
    return {};
  const bool is_news = result->least_time > board_.lifted();
  agreed_time_ = std::max(agreed_time_, result->least_time);
  round_pause_s_ = is_news ? round_pause_min_s : std::min(2 * round_pause_s_, round_pause_max_s);
  next_round_at_s_.reset();
  each_link([&](Link& link) {
    if (result->withdrawn[link.node()])
      link.forget_standing();
    if (reported_withdrawn_)
      link.tell_standing_anew();
  });
  if (std::exchange(reported_withdrawn_, false) && !is_stopping()) {
    board_.standings().keep_outside_behind(result->highest_known);
    hand_in_tasks();
  }
  const bool begins = !is_stopping() && begin_stop(*result);
  if (begins || !result->all_quiet) { // what was quiet before the stop began is not so for it
    board_.lift(result->least_time);
    return {};
  }
  if (Result<void> fits = check_quiet(*result); !fits)
    return fits;
  reported_quiet_ = false;
  const Result<Stops::Then> then =
      stops_.all_stand_still(result->next, result->latest, result->seen);
  if (!then)
    return then.error();
  if (*then == Stops::Then::look_anew)
    board_.wake_all();
  if (*then != Stops::Then::move_floor)
    return {};
  agreed_ = result->next;
  if (result->next > board_.floor())
    board_.settle(result->next);
  return {};
}

Result<void> Gateway::check_quiet(const GlobalTime::Result& round) const {
  if (!board_.no_domain_awake())
    return Error{Errc::bad_message, "the nodes' reports say that nothing is under way, but "
                                    "something has arrived that none of them has counted"};
  if (!is_stopping() && round.next != Instant::never() &&
      (!(round.next > agreed_) || round.next < board_.floor()))
    return Error{Errc::bad_message, "the nodes' reports say that the next event is " +
                                        to_string(round.next) +
                                        ", which is not after the last one, " +
                                        to_string(std::max(agreed_, board_.floor()))};
  return {};
}

// Not at the very end, when nothing happens any more.
bool Gateway::begin_stop(const GlobalTime::Result& round) {
  orders_.add(round.wanted);
  wishes_.insert(wishes_.end(), round.wishes.begin(), round.wishes.end());
  if (!orders_.any() || (round.more_wishes && wishes_.size() < moves_of_a_stop_max) ||
      (round.all_quiet && round.next == Instant::never()))
    return false;
  reported_quiet_ = false;
  ++move_counters_.stops;
  abroad_.moves.wishes = std::exchange(wishes_, {});
  stops_.begin(std::exchange(orders_, {}));
  return true;
}

void Gateway::weigh() {
  scales_.begin();
  for (const DomainIndex domain : set_.all()) {
    set_.domain(domain).begin_stop();
    set_.domain(domain).for_each_agent([this](const Cell& agent) { scales_.add(agent); });
  }
  double busy_s = 0;
  for (const DomainLoad& load : set_.loads())
    busy_s += load.busy_s;
  weights_ = scales_.weigh(busy_s);
}

void Gateway::depart(double least) {
  migration_.emplace(world_, set_, abroad_, links_, least);
  each_link([least](Link& link) { link.begin_anew(least); });
  migration_->depart();
}

Result<void> Gateway::arrive() {
  if (Result<void> arrived = migration_->arrive(); !arrived)
    return arrived;
  each_link([](Link& link) { link.tell_anew(); });
  count(*migration_);
  migration_.reset();
  answer(std::exchange(abroad_.moves, {}));
  return {};
}

void Gateway::count(const Migration& migration) {
  move_counters_.left += migration.left();
  move_counters_.arrived += migration.arrived();
  for (const MovesUnderWay::Verdict& verdict : abroad_.moves.verdicts)
    move_counters_.refused +=
        verdict.node == abroad_.place.own_node && verdict.result == MoveResult::not_serialisable
            ? 1
            : 0;
}

void Gateway::answer(const MovesUnderWay& moves) {
  for (std::size_t i = 0; i < moves.wishes.size(); ++i)
    if (moves.wishes[i].asker == abroad_.place.own_node)
      answer({moves.wishes[i].move, moves.verdicts[i].result, moves.verdicts[i].text});
}

// In the order in which they were asked for.
void Gateway::answer(MoveOutcome outcome) {
  ++move_counters_.answered[static_cast<std::size_t>(outcome.result)];
  for (Request& request : requests_)
    if (request.answer.outcomes.size() < request.moves) {
      request.answer.outcomes.push_back(std::move(outcome));
      return;
    }
}

void Gateway::pass_answers(Output& output) {
  if (board_.finished()) {
    board_.refuse_tasks();
    for (auto* wishes : {&abroad_.moves.wishes, &wishes_})
      for (const Wish& wish : std::exchange(*wishes, {}))
        if (wish.asker == abroad_.place.own_node)
          answer({wish.move, MoveResult::too_late, {}});
    for (const AgentMove& move : std::exchange(asked_, {}))
      answer({move, MoveResult::too_late, {}});
  }
  while (!requests_.empty() &&
         requests_.front().answer.outcomes.size() == requests_.front().moves) {
    output.moves.push_back(std::move(requests_.front().answer));
    requests_.pop_front();
  }
}

void Gateway::watch_congestion() {
  const auto any = [this](bool (Link::*is)() const) {
    return std::any_of(links_.begin(), links_.end(),
                       [is](const auto& link) { return link != nullptr && (*link.*is)(); });
  };
  if (any(&Link::is_congested))
    board_.pause(DomainBoard::Pause::congestion);
  else if (!any(&Link::is_strained) && board_.end_pause(DomainBoard::Pause::congestion))
    board_.wake_all();
}

void Gateway::hand_in_tasks() {
  for (auto task = board_.take_tasks_of_all(); task != nullptr;) {
    auto next = std::move(task->next);
    board_.hand_in(std::move(task));
    reported_quiet_ = false;
    task = std::move(next);
  }
}

// A node that finds that the run is over asks the others; and so, at a stop, does one at rest.
bool Gateway::wants_round(double now_s) {
  if (global_time_.outstanding())
    return false;
  if (!is_stopping() && (!asked_.empty() || board_.has_tasks_for_gateway() || stops_.is_wanted()))
    return true;
  if (!board_.some_domain_sleeps())
    return false;
  if (!next_round_at_s_)
    next_round_at_s_ = now_s + round_pause_s_;
  return now_s >= *next_round_at_s_ || wants_quiet_round();
}

bool Gateway::wants_quiet_round() const {
  return !global_time_.outstanding() && !reported_quiet_ && (is_stopping() || is_all_over()) &&
         is_quiet();
}

bool Gateway::is_all_over() const {
  const Instant over = world_.stops() ? Instant::before(world_.horizon()) : Instant::never();
  return is_at_rest() && next_here() >= over &&
         std::all_of(links_.begin(), links_.end(), [&](const auto& link) {
           return link == nullptr || next_elsewhere(*link) >= over;
         });
}

// A quiet node does not even have a clock to tell: a clock may let others go on.
bool Gateway::is_quiet() const {
  if (!is_at_rest())
    return false;
  const auto stands = standing();
  const Link::News says = news(clock_to_tell(), stands);
  const double wants = wanted();
  return std::none_of(links_.begin(), links_.end(), [&](const auto& link) {
    return link != nullptr && link->has_news(says, wanted_to_tell(*link, wants));
  });
}

// What was read before the round has to be with the domains, which answer for it from now on. What
// they have left here before they fell asleep counts as sent.
void Gateway::begin_round() {
  end_if_wanted();
  deliver();
  const double highest_known = board_.withdraw_links();
  each_link([](Link& link) { link.others_are_at(-infinity); });
  take_parcels();
  NodeReport own = report();
  own.highest_known = highest_known;
  global_time_.begin_round(own);
  reports_.emplace_back(global_time_.rounds(), std::move(own));
}

NodeReport Gateway::report() {
  NodeReport report;
  report.sent.resize(links_.size());
  report.received.resize(links_.size());
  each_link([&](const Link& link) {
    report.sent[link.node()] = link.news_sent();
    report.received[link.node()] = link.news_received();
  });
  // During a stop what comes from outside waits here, and no node answers for agents on their way.
  const bool undisturbed = !board_.has_tasks() && !is_stopping();
  report.quiet = reported_quiet_ = (undisturbed || is_stopping()) && is_quiet();
  if (report.quiet) {
    report.next = board_.next_of_all();
    report.latest = set_.latest();
  }
  report.stopped_for = stops_.progress();
  if (stops_.is_deciding())
    report.seen = world_.observers.seen();
  if (!is_stopping())
    report_wanted(report);
  report.least_time = agreed_time_;
  report.withdrawn = reported_withdrawn_ = board_.has_tasks();
  double least = least_time_of_domains();
  each_link([&least](const Link& link) { least = std::min(least, link.least_unacknowledged()); });
  if (undisturbed)
    report.least_time = std::max(report.least_time, least);
  return report;
}

// What a domain has sent before it stood where it stands has to go before that is told; so it is of
// no use while something waits to be taken.
double Gateway::least_time_of_domains() const {
  const double least = board_.standings().least_here();
  const bool is_sent = std::none_of(links_.begin(), links_.end(), [this](const auto& link) {
    return link != nullptr && board_.has_batches(link->group());
  });
  return is_sent ? least : -infinity;
}

void Gateway::report_wanted(NodeReport& report) {
  report.wanted = stops_.take_wanted();
  const auto part = static_cast<std::ptrdiff_t>(std::min(asked_.size(), moves_of_a_report_max));
  report.moves.assign(asked_.begin(), asked_.begin() + part);
  asked_.erase(asked_.begin(), asked_.begin() + part);
  report.more_moves = !asked_.empty();
  report.wanted.move = !report.moves.empty();
}

// What the clock of another node has to be beyond for a domain here to go on. If all of them sleep,
// it is also of use to learn that a domain here has the next event of all.
double Gateway::wanted() const {
  double wanted = infinity;
  if (is_stopping() || global_time_.outstanding())
    return wanted;
  each_link([&](const Link& link) { wanted = std::min(wanted, board_.wanted_from(link.group())); });
  if (is_at_rest() && next_here() != Instant::beginning())
    wanted = std::min({wanted, next_here().absorption, std::numeric_limits<double>::max()});
  return wanted;
}

// A node that is known to stand beyond `wanted` need not be asked.
double Gateway::wanted_to_tell(const Link& link, double wanted) const {
  if (wanted == infinity)
    return wanted;
  const Instant next = next_elsewhere(link);
  const bool is_enough = next.absorption > wanted || (is_at_rest() && next >= next_here());
  return is_enough ? infinity : wanted;
}

double Gateway::clock_to_tell() const {
  if (is_stopping())
    return -infinity;
  double clock = infinity;
  for (const DomainIndex i : board_.domains())
    clock = std::min(clock, board_.clock(i));
  return clock;
}

Link::News Gateway::news(double clock, const std::optional<Standing>& standing) const {
  Link::News news;
  news.phase = global_time_.phase();
  news.end_time = world_.end_time.load(std::memory_order_relaxed);
  news.clock = clock;
  news.standing = standing ? &*standing : nullptr;
  news.lambda_frames_received = lambda_frames_received();
  return news;
}

std::uint64_t Gateway::lambda_frames_received() const {
  std::uint64_t sum = 0;
  each_link([&sum](const Link& link) { sum += link.way().received; });
  return sum;
}

void Gateway::send(double clock, Output& output) {
  std::vector<std::vector<std::byte>> frames;
  const auto pass = [&](const Link& link) {
    for (auto& frame : frames)
      output.frames.push_back({link.node(), std::move(frame)});
    frames.clear();
  };
  const auto reports = std::exchange(reports_, {});
  each_link([&](Link& link) {
    for (const auto& [round, report] : reports)
      link.send_report(report, round, frames);
    pass(link);
    link.let_go();
  });
  const auto stands = standing();
  const Link::News says = news(clock, stands);
  const double wants = wanted();
  each_link([&](Link& link) {
    link.send(says, wanted_to_tell(link, wants), frames);
    pass(link);
  });
}

// ---- where the nodes stand

// No other node counts on one that is about to let something in, or whose agents are about to move.
std::optional<Standing> Gateway::standing() const {
  if (is_stopping() || global_time_.outstanding() || board_.has_tasks())
    return std::nullopt;
  const Instant next = next_here();
  if (next == Instant::beginning())
    return std::nullopt;
  Standing standing;
  standing.next = next;
  standing.ways.resize(links_.size());
  each_link([&standing](const Link& link) { standing.ways[link.node()] = link.way(); });
  return standing;
}

// The beginning of time if it could not be seen just now. Of what is beyond the horizon or the end,
// domains at rest say nothing; but a domain that has not fallen asleep may be beyond an end that
// has come only now, and what waits in links has been emitted and may cause something there and
// then.
Instant Gateway::next_here() const {
  if (!is_at_rest()) {
    const double least = least_time_of_domains();
    return least > -infinity ? Instant::before(least) : Instant::beginning();
  }
  Instant next = std::min(board_.next_of_all(), Instant::before(world_.horizon()));
  if (!(next.absorption < world_.end_time.load(std::memory_order_relaxed)))
    next = Instant::never();
  each_link(
      [&next](const Link& link) { next = std::min(next, Instant::before(link.least_waiting())); });
  return next;
}

// A lower bound on the events at another node after it stood where it told, as long as nothing
// happens that is earlier than all of these. See Standing. What is on its way there causes nothing
// before the clock that it had then.
Instant Gateway::next_elsewhere(const Link& link) const {
  if (!link.standing())
    return Instant::beginning();
  const NodeIndex to = link.node();
  const Standing& there = *link.standing();
  Instant next = there.next;
  for (const auto& other : links_) {
    const bool is_own = other == nullptr;
    const NodeIndex from = is_own ? abroad_.place.own_node : other->node();
    if (from == to || (!is_own && !other->standing()))
      continue;
    const Standing::Way& way = is_own ? link.way() : other->standing()->ways[to];
    const std::uint64_t received = there.ways[from].received;
    if (way.acknowledged > received)
      return Instant::beginning();
    if (way.sent > received)
      next = std::min(next, Instant::before(std::max(way.earliest, link.standing_clock())));
  }
  return next;
}

void Gateway::look_around() {
  if (is_stopping() || global_time_.outstanding())
    return;
  PerNode<double> elsewhere(links_.size(), infinity);
  each_link([&](Link& link) { elsewhere[link.node()] = next_elsewhere(link).absorption; });
  // Domains look at any time, and what they see of several links has to fit together: first all go
  // down that have to, so that neither what was known before nor what is known now is exceeded.
  each_link([&](Link& link) { link.others_are_at_most(elsewhere[link.node()]); });
  each_link([&](Link& link) { link.others_are_at(elsewhere[link.node()]); });
  double least = next_here().absorption;
  for (const double there : elsewhere)
    least = std::min(least, there);
  if (least < infinity)
    board_.lift(least);
  if (begin_next_event())
    reported_quiet_ = false;
}

// If all domains here sleep, and nothing anywhere comes before the next event of this node.
bool Gateway::begin_next_event() {
  if (!is_at_rest() || board_.is_paused() || board_.has_tasks())
    return false;
  const Instant next = next_here();
  if (next == Instant::never() || next != board_.next_of_all() || !(next > board_.floor()))
    return false;
  for (const auto& link : links_)
    if (link != nullptr && next_elsewhere(*link) < next)
      return false;
  board_.settle(next);
  return true;
}

} // namespace stos::detail
