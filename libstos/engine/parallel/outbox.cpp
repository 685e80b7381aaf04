#include "libstos/engine/parallel/outbox.hpp"

#include "libstos/code/closure.hpp"
#include "libstos/world/cell.hpp"

namespace stos::detail {

Batch::~Batch() {
  for (const Parcel& parcel : parcels)
    if (parcel.kind == Parcel::Kind::lambda)
      discard(*parcel.lambda, nullptr);
    else if (parcel.kind == Parcel::Kind::open)
      parcel.channel->let_go();
}

Outbox::Outbox(Group own, DomainBoard& board)
    : own_(own), board_(board), hold_boxes_(board.size()), boxes_(board.size()),
      sent_(board.size()), under_way_(board.size()), taken_(board.size()) {}

void Outbox::post(std::unique_ptr<Batch>& box, Parcel parcel) {
  empty_ = false;
  if (box == nullptr)
    box = std::make_unique<Batch>();
  box->has_lambdas = box->has_lambdas || parcel.kind == Parcel::Kind::lambda;
  box->parcels.push_back(std::move(parcel));
}

std::unique_ptr<Batch> Outbox::take_in() {
  auto batches = board_.take_batches(own_);
  for (const Batch* batch = batches.get(); batch != nullptr; batch = batch->next.get())
    ++taken_[batch->from];
  return batches;
}

void Outbox::announce(double next) {
  if (empty_)
    executed_ = Instant::never().absorption;
  next = std::min(next, executed_);
  for (const Group i : under_way_.indices()) {
    std::vector<UnderWay>& batches = under_way_[i];
    if (batches.empty())
      continue;
    std::erase_if(batches, [taken = board_.standings().taken(i, own_)](const UnderWay& batch) {
      return batch.number <= taken;
    });
    for (const UnderWay& batch : batches)
      next = std::min(next, batch.earliest);
  }
  board_.announce(own_, next, taken_, elsewhere_);
}

void Outbox::flush(double next) {
  for (const Boxes* boxes : {&hold_boxes_, &boxes_})
    for (const Group i : boxes->indices())
      if ((*boxes)[i] != nullptr)
        under_way_[i].push_back(
            {++sent_[i], (*boxes)[i]->earliest = executed_, (*boxes)[i]->has_lambdas});
  empty_ = true;
  announce(next);
  for (Boxes* boxes : {&hold_boxes_, &boxes_})
    for (const Group i : boxes->indices())
      if ((*boxes)[i] != nullptr) {
        (*boxes)[i]->from = own_;
        if (board_.is_link(i) && !(*boxes)[i]->has_lambdas)
          board_.push_quietly(i, std::move((*boxes)[i]));
        else
          board_.push(i, std::move((*boxes)[i]));
      }
  if (stop_answering_for_news())
    announce(next);
}

bool Outbox::stop_answering_for_news() {
  bool changed = false;
  for (const Group i : board_.links())
    for (UnderWay& batch : under_way_[i])
      if (!batch.has_lambdas && batch.earliest < Instant::never().absorption) {
        batch.earliest = Instant::never().absorption;
        changed = true;
      }
  return changed;
}

} // namespace stos::detail
