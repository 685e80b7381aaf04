#include "actors/agents/citizens.hpp"

#include "actors/run/worker_run.hpp"
#include "libstos/base/json_writer.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/world/world.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>

namespace stos::detail {

bool AgentNames::enter(const std::string& name, AgentId agent) {
  const std::lock_guard lock(mutex_);
  return agents_.emplace(name, agent).first->second == agent;
}

std::optional<AgentId> AgentNames::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = agents_.find(name);
  return found == agents_.end() ? std::nullopt : std::optional(found->second);
}

std::string AgentNames::name_of(AgentId agent) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(agents_, [agent](const auto& each) { return each.second == agent; });
  return found == agents_.end() ? std::string() : found->first;
}

std::vector<std::pair<std::string, AgentId>> AgentNames::all() const {
  const std::lock_guard lock(mutex_);
  return {agents_.begin(), agents_.end()};
}

namespace {

AgentActor& actor_behind(const caf::strong_actor_ptr& handle) {
  return *static_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(handle));
}

caf::mailbox_element_ptr element_of(AgentMail& mail) {
  return caf_version::make_element(std::move(mail.sender), caf::message_id{mail.number},
                                   std::move(mail.content.message));
}

} // namespace

void KeptActors::take(Cell& cell) {
  AgentActor* actor = bound_actor(cell);
  if (actor == nullptr)
    return;
  if (!actor->is_known())
    return end_actor(cell);
  cell.binding = nullptr;
  take(cell.id, caf::strong_actor_ptr(actor->ctrl(), false));
}

void KeptActors::take(AgentId agent, caf::strong_actor_ptr actor) {
  actor_behind(actor).agent_left(agent);
  const std::lock_guard lock(mutex_);
  actors_.emplace(agent.value, std::move(actor));
}

void KeptActors::give_back(const std::vector<Cell*>& cells) {
  {
    const std::lock_guard lock(mutex_);
    for (Cell* cell : cells) {
      auto taken = actors_.extract(cell->id.value);
      if (taken.empty())
        continue;
      AgentActor& actor = actor_behind(taken.mapped());
      (void)taken.mapped().release(); // the cell has it now
      cell->binding = &actor;
      actor.agent_started(*cell);
    }
  }
  end();
}

void KeptActors::end() {
  const std::lock_guard lock(mutex_);
  for (const auto& [agent, actor] : std::exchange(actors_, {}))
    actor_behind(actor).agent_ended();
}

/// Mail on its way to the thread that executes the agent.
class Citizens::MailTask final : public OutsideTask {
public:
  MailTask(Citizens& citizens, AgentMail mail) : citizens_(citizens), mail_(std::move(mail)) {}

  void run(Injector& engine) override { citizens_.deliver(mail_, engine); }
  void refuse() override { citizens_.undeliverable(mail_); }

private:
  Citizens& citizens_;
  AgentMail mail_;
};

Citizens::Citizens(Site site)
    : site_(std::move(site)),
      whereabouts_(*site_.placed, *site_.node_of, site_.own_node, *site_.world->directory) {}

Citizens::~Citizens() { end(); }

void Citizens::keep_forwarder(Cell& cell) {
  AgentActor* actor = bound_actor(cell);
  if (actor == nullptr)
    return;
  actor->agent_left(cell.id);
  forwarders_.emplace(cell.id.value, caf::strong_actor_ptr(actor->ctrl(), false));
  cell.binding = nullptr;
}

void Citizens::begin() {
  for (const auto& [agent, actor] : forwarders_) {
    AgentMail mail;
    mail.kind = AgentMail::Kind::watch;
    mail.agent = agent;
    mail.asker = static_cast<std::uint32_t>(site_.own_node.number());
    route(std::move(mail));
  }
}

void Citizens::take(AgentMail mail, bool stopping) {
  if (mail.kind == AgentMail::Kind::luggage)
    luggage_[{AgentId{mail.agent}, mail.number}] = caf_version::make_element(
        std::move(mail.sender), caf::message_id{mail.id}, std::move(mail.content.message));
  else if (stopping)
    waiting_.push_back(std::move(mail));
  else
    route(std::move(mail));
}

void Citizens::take(SearchMessage search, bool stopping) {
  if (stopping)
    searches_waiting_.push_back(std::move(search));
  else
    route(search);
}

void Citizens::stop_is_over() {
  for (AgentMail& mail : std::exchange(waiting_, {}))
    route(std::move(mail));
  for (const SearchMessage& search : std::exchange(searches_waiting_, {}))
    route(search);
}

void Citizens::route(AgentMail mail) {
  const Whereabouts::Route route = whereabouts_.find(AgentId{mail.agent});
  if (route.domain) {
    std::unique_ptr<OutsideTask> task = std::make_unique<MailTask>(*this, std::move(mail));
    if (!site_.post(*route.domain, task))
      task->refuse();
  } else if (route.node) {
    site_.send(*route.node, caf::make_message(std::move(mail)));
  } else {
    undeliverable(mail);
  }
}

// A node may only answer that the agent is not here if no other node waits for its answer: so the
// node that has let the agent go passes the question on.
void Citizens::route(const SearchMessage& search) {
  AgentMail mail;
  mail.kind = search.is_look ? AgentMail::Kind::look : AgentMail::Kind::search;
  mail.number = search.number;
  mail.asker = search.asker;
  mail.agent = search.agent;
  if (!search.name.empty()) {
    const auto named = site_.names->find(search.name);
    if (!named)
      return answer(NodeIndex(search.asker), {search.number, nullptr, {}});
    mail.agent = named->value;
  }
  if (whereabouts_.answers_for(AgentId{mail.agent}))
    route(std::move(mail));
  else
    answer(NodeIndex(search.asker), {search.number, nullptr, {}});
}

void Citizens::undeliverable(AgentMail& mail) {
  switch (mail.kind) {
    case AgentMail::Kind::message: caf_version::bounce(*element_of(mail)); break;
    case AgentMail::Kind::injection:
    case AgentMail::Kind::luggage: break;
    case AgentMail::Kind::watch:
      site_.send(NodeIndex(mail.asker), caf::make_message(AgentEndedMessage{mail.agent}));
      break;
    case AgentMail::Kind::search:
    case AgentMail::Kind::look: answer(NodeIndex(mail.asker), {mail.number, nullptr, {}}); break;
  }
}

Cell* Citizens::agent_here(AgentId agent, DomainIndex domain) const {
  const AgentDirectory& directory = *site_.world->directory;
  return directory.domain_of(agent) == domain ? directory.find(agent) : nullptr;
}

// By the time that it is taken up, the agent may have moved on, or ended.
void Citizens::deliver(AgentMail& mail, Injector& engine) {
  Cell* cell = agent_here(AgentId{mail.agent}, engine.index());
  if (cell == nullptr)
    return site_.send(site_.own_node, caf::make_message(std::move(mail)));
  AgentActor* actor = bound_actor(*cell);
  if (!cell->alive() || actor == nullptr)
    return undeliverable(mail);
  switch (mail.kind) {
    case AgentMail::Kind::message: actor->deliver(engine, element_of(mail)); break;
    case AgentMail::Kind::injection: {
      BytesReader in(mail.data.data);
      const ClosureOps* ops = find_closure(in.u64());
      Closure* lambda = ops == nullptr ? nullptr : ops->load(nullptr, in);
      if (lambda != nullptr && !ops->fits(*cell->agent))
        discard(*std::exchange(lambda, nullptr), nullptr);
      if (lambda != nullptr)
        (void)engine.inject(*cell, *lambda);
      break;
    }
    case AgentMail::Kind::luggage: break;
    case AgentMail::Kind::watch: watch(AgentId{mail.agent}, NodeIndex(mail.asker)); break;
    case AgentMail::Kind::search:
      answer(NodeIndex(mail.asker), {mail.number, caf::strong_actor_ptr(actor->ctrl()), {}});
      break;
    case AgentMail::Kind::look: look(*cell, mail); break;
  }
}

// As it is between two of its events; it goes on without having noticed.
void Citizens::look(Cell& cell, const AgentMail& wish) {
  AgentViewer viewer(*site_.world, std::max(cell.now, cell.path.anchor()[0]),
                     [this](AgentId agent) { return site_.names->name_of(agent); });
  answer(NodeIndex(wish.asker),
         {wish.number, nullptr, to_json(viewer.view(cell), JsonWriter::Form::indented)});
}

void Citizens::watch(AgentId agent, NodeIndex watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.add(agent, watcher);
  watched_ = watchers_.size();
}

std::set<NodeIndex> Citizens::take_watchers(AgentId agent) {
  const std::lock_guard lock(mutex_);
  std::set<NodeIndex> taken = watchers_.take(agent);
  watched_ = watchers_.size();
  return taken;
}

void Citizens::answer(NodeIndex node, SearchAnswer answer) const {
  site_.send(node, caf::make_message(std::move(answer)));
}

void Citizens::agent_ended_elsewhere(AgentId agent) {
  const auto found = forwarders_.find(agent.value);
  if (found == forwarders_.end())
    return;
  const caf::strong_actor_ptr actor = std::move(found->second);
  forwarders_.erase(found);
  actor_behind(actor).agent_ended();
}

// Its watchers go along with it; what they are told gets there ahead of the agent.
void Citizens::leaves(Cell& cell, NodeIndex node) {
  whereabouts_.leaves(cell.id, node);
  send_luggage(cell.id, node);
  std::set<NodeIndex> watchers = take_watchers(cell.id);
  if (const AgentActor* actor = bound_actor(cell); actor != nullptr && actor->is_known()) {
    keep_forwarder(cell);
    watchers.insert(site_.own_node);
  } else {
    end_actor(cell);
  }
  watchers.erase(node);
  for (const NodeIndex watcher : watchers) {
    AgentMail mail;
    mail.kind = AgentMail::Kind::watch;
    mail.agent = cell.id.value;
    mail.asker = static_cast<std::uint32_t>(watcher.number());
    site_.send(node, caf::make_message(std::move(mail)));
  }
}

void Citizens::send_luggage(AgentId agent, NodeIndex node) {
  for (Luggage& luggage : take_luggage())
    packed_.push_back(std::move(luggage));
  std::erase_if(packed_, [&](Luggage& luggage) {
    if (luggage.agent != agent)
      return false;
    AgentMail mail;
    mail.kind = AgentMail::Kind::luggage;
    mail.agent = agent.value;
    mail.number = luggage.number;
    mail.asker = static_cast<std::uint32_t>(site_.own_node.number());
    mail.id = luggage.element->mid.integer_value();
    mail.sender = std::move(luggage.element->sender);
    mail.content.message = std::move(luggage.element->payload);
    site_.send(node, caf::make_message(std::move(mail)));
    return true;
  });
}

caf::mailbox_element_ptr Citizens::claim_luggage(AgentId agent, std::uint64_t number) {
  auto found = luggage_.extract({agent, number});
  return found.empty() ? nullptr : std::move(found.mapped());
}

// Of an agent that was saved, but did not move then, more may have come than its image names.
void Citizens::leave_unclaimed(AgentId agent) {
  const auto begin = luggage_.lower_bound({agent, 0});
  auto end = begin;
  while (end != luggage_.end() && end->first.first == agent)
    ++end;
  luggage_.erase(begin, end);
}

// An actor that knew it here before goes on with the actor that was here to forward.
void Citizens::comes(Cell& cell) {
  whereabouts_.comes(cell.id);
  const auto found = forwarders_.find(cell.id.value);
  if (found == forwarders_.end())
    return;
  cell.binding = &actor_behind(found->second);
  (void)found->second.release(); // the cell has it now
  forwarders_.erase(found);
}

void Citizens::ended(const Cell& cell) {
  if (watched_ == 0)
    return;
  for (const NodeIndex watcher : take_watchers(cell.id))
    site_.send(watcher, caf::make_message(AgentEndedMessage{cell.id.value}));
}

void Citizens::end() {
  for (auto& [agent, actor] : std::exchange(forwarders_, {}))
    if (KeptActors* kept = kept_)
      kept->take(AgentId{agent}, std::move(actor));
    else
      actor_behind(actor).agent_ended();
  for (AgentMail& mail : std::exchange(waiting_, {}))
    undeliverable(mail);
  for (auto& [name, element] : std::exchange(luggage_, {}))
    caf_version::bounce(*element);
  for (const SearchMessage& search : std::exchange(searches_waiting_, {}))
    answer(NodeIndex(search.asker), {search.number, nullptr, {}});
}

} // namespace stos::detail
