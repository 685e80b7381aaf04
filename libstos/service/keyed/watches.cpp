#include "libstos/service/keyed/watches.hpp"

#include <iterator>

namespace stos::keyed {

void Watches::add(const Id& id, Watcher watcher, bool was_active) {
  Watched& watched = watched_[id];
  watched.watchers.insert(watcher);
  watched.was_active = watched.was_active || was_active;
}

void Watches::remove(Watcher watcher) {
  for (auto at = watched_.begin(); at != watched_.end();) {
    at->second.watchers.erase(watcher);
    at = at->second.watchers.empty() ? watched_.erase(at) : std::next(at);
  }
}

std::map<raft::GroupId, Watches::Look> Watches::to_ask(const GroupTable& table) {
  constexpr std::size_t ids_max = 10'000; // of a group at a time
  ++looks_;
  std::map<raft::GroupId, Look> by_group;
  for (const auto& [id, watched] : watched_) {
    const std::optional<raft::GroupId> group = table.group_of(hash_of(id));
    if (!group)
      continue;
    Look& look = by_group[*group];
    look.number = looks_;
    if (look.ids.size() >= ids_max)
      continue;
    look.ids.push_back(id);
    look.were_active.push_back(watched.was_active);
  }
  return by_group;
}

std::vector<Watches::Ended> Watches::hear(const Look& look, const Answer& answer) {
  std::vector<Ended> ended;
  const std::vector<AgentGroup::Life> lives = AgentGroup::lives_of(answer);
  for (std::size_t i = 0; i < look.ids.size() && i < lives.size(); ++i) {
    const auto at = watched_.find(look.ids[i]);
    if (at == watched_.end() || lives[i].is_elsewhere || at->second.heard_look > look.number)
      continue;
    Watched& watched = at->second;
    watched.heard_look = look.number;
    const std::uint64_t life = lives[i].life;
    if (watched.life == 0 && (life != 0 || !look.were_active[i])) {
      watched.life = life;
    } else if (watched.life != life || life == 0) {
      ended.push_back({look.ids[i], lives[i].why, std::move(watched.watchers)});
      watched_.erase(at);
    }
  }
  return ended;
}

} // namespace stos::keyed
