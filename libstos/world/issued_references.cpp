#include "libstos/world/issued_references.hpp"

#include "libstos/code/closure.hpp"
#include "libstos/world/cell.hpp"

#include <cstring>

namespace stos::detail {
namespace {

constexpr std::size_t none = ~std::size_t{0};

} // namespace

void IssuedReferences::forget() {
  all_.clear();
  index_.clear();
  brought_.clear();
  taken_.clear();
}

void IssuedReferences::add(const Reference& reference) {
  if (reference.taker != nullptr)
    taken_[reference.taker].push_back(all_.size());
  all_.push_back(reference);
  if (all_.size() <= few)
    return;
  if (index_.empty())
    for (std::size_t i = 0; i + 1 < all_.size(); ++i)
      index_.emplace(all_[i].ticket.id, i);
  index_.emplace(reference.ticket.id, all_.size() - 1);
}

std::size_t IssuedReferences::index_of(std::uint64_t ticket) const {
  if (all_.size() > few) {
    const auto found = index_.find(ticket);
    return found == index_.end() ? none : found->second;
  }
  for (std::size_t i = 0; i < all_.size(); ++i)
    if (all_[i].ticket.id == ticket)
      return i;
  return none;
}

const IssuedReferences::Reference* IssuedReferences::find(Ticket ticket) const {
  const std::size_t index = index_of(ticket.id);
  return index == none ? nullptr : &all_[index];
}

const std::vector<IssuedReferences::Reference>&
IssuedReferences::for_lambda(const Closure& lambda, const Cell& to, bool is_setup, bool is_close) {
  chosen_.clear();
  is_chosen_.resize(all_.size());
  if (!select_brought(lambda)) {
    select_all();
  } else if (!chosen_.empty()) {
    std::vector<std::size_t>& brought = brought_[&to];
    brought.insert(brought.end(), chosen_.begin(), chosen_.end());
  } else if (is_close && !is_setup) {
    select_all();
  } else {
    for (const auto* some : {&brought_, &taken_})
      if (const auto found = some->find(&to); found != some->end())
        select(found->second);
  }
  if (is_close && to.agent != nullptr)
    select_in(to.ops->object(*to.agent), alignof(Ticket));
  answer_.clear();
  for (const std::size_t index : chosen_) {
    answer_.push_back(all_[index]);
    is_chosen_[index] = false;
  }
  return answer_;
}

void IssuedReferences::select(std::size_t index) {
  if (is_chosen_[index])
    return;
  is_chosen_[index] = true;
  chosen_.push_back(index);
}

void IssuedReferences::select(const std::vector<std::size_t>& indices) {
  for (const std::size_t index : indices)
    select(index);
}

void IssuedReferences::select_all() {
  for (std::size_t i = 0; i < all_.size(); ++i)
    select(i);
}

void IssuedReferences::select_in(std::span<const std::byte> bytes, std::size_t step) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i + sizeof word <= bytes.size(); i += step) {
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if (const std::size_t index = index_of(word); index != none)
      select(index);
  }
}

// False if not all that it brings can be seen.
bool IssuedReferences::select_brought(const Closure& lambda) {
  if (lambda.ops->is_plain) {
    const std::span whole(reinterpret_cast<const std::byte*>(&lambda), lambda.ops->bytes);
    select_in(whole.subspan(sizeof(Closure)), 1);
    return true;
  }
  if (lambda.ops->save == nullptr)
    return false;
  buffer_.clear();
  BytesWriter out(buffer_);
  lambda.ops->save(lambda, out);
  if (!out.ok() || out.size() > searched_bytes_max)
    return false;
  select_in(out.bytes(), 1);
  return true;
}

} // namespace stos::detail
