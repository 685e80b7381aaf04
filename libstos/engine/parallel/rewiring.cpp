#include "libstos/engine/parallel/rewiring.hpp"

#include <algorithm>

namespace stos::detail {

Rewiring::Rewiring(DomainSet& set) : set_(set) {
  for (const DomainIndex i : set.all()) {
    set.domain(i).begin_stop();
    agents_.push_back(set.domain(i).agents());
  }
}

void Rewiring::loosen(Channel& channel) {
  if (channel.loose != 0)
    return;
  forget(channel);
  note(channel);
}

void Rewiring::note(Channel& channel) {
  if (channel.loose != 0)
    return;
  channel.loose = 1;
  channels_.push_back(&channel);
}

// An agent that has ended keeps its channels without bounds.
void Rewiring::forget(Channel& channel) {
  if (!channel.detached)
    set_.domain_of(*channel.to).forget_bound_of(channel);
}

void Rewiring::move(Cell& cell, DomainIndex domain) {
  for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
    if (!c->detached) // else its source may be gone
      loosen(static_cast<Channel&>(*c));
  for (Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed && is_here(*c->to))
      loosen(*c);
  cell.mailbox.for_each([&](Lambda& lambda, double) {
    const auto& references = static_cast<Closure&>(lambda).references;
    if (references == nullptr)
      return;
    for (const CarriedReference& carried : *references)
      if (is_here(*carried.hold->to)) {
        loosen(*carried.hold);
        carried.hold->group = domain;
      }
  });
  take_out(cell);
  cell.group = domain;
  set_.domain(domain).execution().take_over(cell);
  put_in(cell);
}

void Rewiring::take_out(Cell& cell) {
  set_.domain_of(cell).take_out(cell);
  --agents_[cell.group.domain()];
}

void Rewiring::put_in(Cell& cell) {
  ++agents_[cell.group.domain()];
  cell.mailbox.set_home_group(cell.group);
  newcomers_.push_back(&cell);
  reads_anew(cell);
}

void Rewiring::reads_anew(Cell& cell) {
  if (cell.loose || !cell.alive())
    return;
  cell.loose = true;
  readers_.push_back(&cell);
}

// Where both ends are in one domain, and at rest, a channel may need no course any more.
void Rewiring::connect(Channel& channel) const {
  if (channel.is_hold() || set_.board().is_link(channel.group))
    return;
  Cell& from = channel.from();
  const Cell& to = *channel.to;
  channel.group = from.group;
  channel.between_domains = from.group != to.group ? 1 : 0;
  if (channel.between_domains) {
    (void)channel.keep_source(from.id, from.path, &from);
    return;
  }
  channel.source_path = &from.path;
  if (channel.reaction_time() == 0 && !CausalMailbox::is_moving(channel, to.path))
    channel.drop_course();
}

// A lambda that is queued may still point to a channel that is closed: the domain of the reader has
// to free it.
void Rewiring::move_retired() {
  for (const DomainIndex i : set_.all())
    for (Channel* channel : set_.domain(i).execution().take_retired(
             [i](const Channel* channel) { return channel->to->group != i; }))
      set_.domain_of(*channel->to).execution().retire(*channel);
}

void Rewiring::finish(double least) {
  for (Channel* channel : channels_) {
    connect(*channel);
    reads_anew(*channel->to);
  }
  const Space& space = set_.domain(DomainIndex(0)).execution().world().space;
  for (Cell* reader : readers_)
    reader->mailbox.recount(reader->path, space);
  for (Channel* channel : channels_) {
    channel->loose = 0;
    if (!channel->detached)
      set_.domain_of(*channel->to).bound(*channel);
  }
  for (Cell* cell : newcomers_)
    set_.domain_of(*cell).put_in(*cell);
  for (Cell* reader : readers_) {
    reader->loose = false;
    set_.domain_of(*reader).place(*reader);
  }
  if (!newcomers_.empty())
    move_retired();
  for (const DomainIndex i : set_.all())
    set_.domain(i).begin_anew(least);
  set_.board().begin_anew(least);
}

DomainIndex Rewiring::domain_near(const Cell* neighbour) {
  std::size_t sum = 0;
  for (const std::size_t agents : agents_)
    sum += agents;
  const auto emptiest = std::min_element(agents_.begin(), agents_.end());
  if (neighbour != nullptr && 8 * agents_[neighbour->group.domain()] * set_.size() <= 9 * (sum + 8))
    return neighbour->group.domain();
  return DomainIndex(static_cast<std::size_t>(emptiest - agents_.begin()));
}

} // namespace stos::detail
