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

Outbox::Outbox(std::size_t index, DomainBoard& board)
    : index_(index), board_(board), hold_boxes_(board.size()), boxes_(board.size()),
      sent_(board.size()), under_way_(board.size()), taken_(board.size()) {}

void Outbox::post(std::unique_ptr<Batch>& box, Parcel parcel) {
  empty_ = false;
  if (box == nullptr)
    box = std::make_unique<Batch>();
  box->has_lambdas = box->has_lambdas || parcel.kind == Parcel::Kind::lambda;
  box->parcels.push_back(std::move(parcel));
}

std::unique_ptr<Batch> Outbox::take_in() {
  auto batches = board_.take_batches(index_);
  for (const Batch* batch = batches.get(); batch != nullptr; batch = batch->next.get())
    ++taken_[batch->from];
  return batches;
}

void Outbox::announce(double next) {
  if (empty_)
    executed_ = Instant::never().absorption;
  next = std::min(next, executed_);
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    std::vector<UnderWay>& batches = under_way_[i];
    if (batches.empty())
      continue;
    std::erase_if(batches, [taken = board_.standings().taken(i, index_)](const UnderWay& batch) {
      return batch.number <= taken;
    });
    for (const UnderWay& batch : batches)
      next = std::min(next, batch.earliest);
  }
  board_.announce(index_, next, taken_, elsewhere_);
}

void Outbox::flush(double next) {
  for (const Boxes* boxes : {&hold_boxes_, &boxes_})
    for (std::size_t i = 0; i < boxes->size(); ++i)
      if ((*boxes)[i] != nullptr)
        under_way_[i].push_back(
            {++sent_[i], (*boxes)[i]->earliest = executed_, (*boxes)[i]->has_lambdas});
  empty_ = true;
  announce(next);
  for (Boxes* boxes : {&hold_boxes_, &boxes_})
    for (std::size_t i = 0; i < boxes->size(); ++i)
      if ((*boxes)[i] != nullptr) {
        (*boxes)[i]->from = index_;
        if (i >= board_.domains() && !(*boxes)[i]->has_lambdas)
          board_.push_quietly(i, std::move((*boxes)[i]));
        else
          board_.push(i, std::move((*boxes)[i]));
      }
  if (stop_answering_for_news())
    announce(next);
}

bool Outbox::stop_answering_for_news() {
  bool changed = false;
  for (std::size_t i = board_.domains(); i < under_way_.size(); ++i)
    for (UnderWay& batch : under_way_[i])
      if (!batch.has_lambdas && batch.earliest < Instant::never().absorption) {
        batch.earliest = Instant::never().absorption;
        changed = true;
      }
  return changed;
}

} // namespace stos::detail
