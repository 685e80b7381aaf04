#include "libstos/code/block_pool.hpp"

#include "libstos/base/huge_pages.hpp"

#include <cstdlib>
#include <utility>

// Is there if the program was linked with AddressSanitizer, however this file was compiled.
// NOLINTNEXTLINE(bugprone-reserved-identifier): its name
extern "C" [[gnu::weak]] void __asan_poison_memory_region(const volatile void*, std::size_t);

namespace stos {
namespace {

bool blocks_from_heap() { return &__asan_poison_memory_region != nullptr; }

void give_to_heap(void* block) { ::operator delete (block, std::align_val_t{BlockDepot::granule}); }

} // namespace

BlockDepot::~BlockDepot() {
  for (Slab* slab = slabs_; slab != nullptr;) {
    Slab* next = slab->next;
    std::free(slab);
    slab = next;
  }
}

void BlockDepot::let_go() {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

void* BlockDepot::allocate_shared(BlockPool& pool, std::size_t bytes) {
  void* block = pool.allocate(bytes);
  if (!blocks_from_heap())
    holders_.fetch_add(1, std::memory_order_relaxed);
  return block;
}

// A slab begins at a multiple of its size, with a pointer to its depot.
void BlockDepot::give_back_shared(void* block, std::size_t bytes) {
  if (blocks_from_heap())
    return give_to_heap(block);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the slab around the block
  BlockDepot* depot = reinterpret_cast<Slab*>(address & ~(slab_bytes - 1))->depot;
  auto* free = static_cast<Free*>(block);
  free->next = nullptr;
  depot->put_chain((bytes - 1) / granule, free);
  depot->let_go();
}

BlockDepot::Free* BlockDepot::take_chain(std::size_t size_class) {
  lock();
  Free* chain = chains_[size_class];
  if (chain != nullptr)
    chains_[size_class] = chain->next_chain;
  unlock();
  return chain;
}

void BlockDepot::put_chain(std::size_t size_class, Free* chain) {
  lock();
  chain->next_chain = chains_[size_class];
  chains_[size_class] = chain;
  unlock();
}

// The first slabs of a world are small, for worlds that are small. Large ones are huge pages: there
// is no locality in the memory of a million agents that could do without.
std::byte* BlockDepot::take_room(std::byte*& end) {
  lock();
  const std::size_t bytes = slab_count_ < 16 ? small_slab_bytes : slab_bytes;
  ++slab_count_;
  unlock();
  void* memory = nullptr;
  if (posix_memalign(&memory, slab_bytes, bytes) != 0)
    throw std::bad_alloc();
  if (bytes == slab_bytes)
    advise_huge_pages(memory, bytes);
  auto* slab = new (memory) Slab{this, nullptr};
  lock();
  slab->next = slabs_;
  slabs_ = slab;
  unlock();
  end = static_cast<std::byte*>(memory) + bytes;
  return static_cast<std::byte*>(memory) + granule;
}

BlockPool::BlockPool(BlockDepot& depot) : depot_(depot) {
  depot_.holders_.fetch_add(1, std::memory_order_relaxed);
  if (blocks_from_heap())
    lists_.fill({nullptr, nullptr, chain_blocks});
}

BlockPool::~BlockPool() { depot_.let_go(); } // which frees its slabs as a whole

void* BlockPool::Resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  return serves(bytes, alignment) ? pool_.allocate(bytes)
                                  : std::pmr::new_delete_resource()->allocate(bytes, alignment);
}

void BlockPool::Resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (serves(bytes, alignment))
    pool_.give_back(block, bytes);
  else
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
}

void* BlockPool::allocate_slowly(std::size_t size_class) {
  List& list = lists_[size_class];
  const std::size_t bytes = (size_class + 1) * BlockDepot::granule;
  if (blocks_from_heap())
    return ::operator new (bytes, std::align_val_t{BlockDepot::granule});
  if (list.spare != nullptr) {
    list.first = list.spare;
    list.spare = nullptr;
    list.size = chain_blocks;
  } else if (Free* chain = depot_.take_chain(size_class)) {
    list.first = chain;
    list.size = 0;
    for (const Free* block = chain; block != nullptr; block = block->next)
      ++list.size;
  } else {
    if (static_cast<std::size_t>(room_end_ - room_) < bytes)
      room_ = depot_.take_room(room_end_);
    return std::exchange(room_, room_ + bytes);
  }
  Free* block = list.first;
  list.first = block->next;
  --list.size;
  return block;
}

void BlockPool::give_back_slowly(void* block, std::size_t size_class) {
  if (blocks_from_heap())
    return give_to_heap(block);
  List& list = lists_[size_class];
  if (list.spare != nullptr)
    depot_.put_chain(size_class, list.spare);
  auto* free = static_cast<Free*>(block);
  free->next = nullptr;
  list = {free, list.first, 1};
}

void BlockPool::leave(void* block) {
  if (blocks_from_heap())
    give_to_heap(block);
}

} // namespace stos
