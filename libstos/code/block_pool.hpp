#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>

namespace stos {

class BlockPool;

/// Where the memory of one world comes from: large slabs, of which BlockPools cut their blocks, and
/// chains of free blocks that one pool has too many of and another one lacks.
///
/// A block may outlive the world if another owner still holds it: the depot goes when the world and
/// all pools have let go of it and no shared block is left.
///
/// Threads: all functions may be called from any thread.
/// Owns:    its slabs. In programs with AddressSanitizer there are none: each block comes from the
///          heap. That is found out when the program runs, since the library and what is built on
///          it need not have been compiled alike.
class BlockDepot {
public:
  static constexpr std::size_t block_bytes_max = 512;
  static constexpr std::size_t granule = 64; ///< blocks are multiples of it, and aligned to it
  static constexpr std::size_t classes = block_bytes_max / granule;

  /// A new depot; its owner lets go of it with release().
  static BlockDepot* create() { return new BlockDepot; }
  void release() { let_go(); }

  /// A block that is given back by give_back_shared(), whether or not the world is left by then.
  void* allocate_shared(BlockPool& pool, std::size_t bytes);
  static void give_back_shared(void* block, std::size_t bytes);

private:
  friend class BlockPool;

  struct Free {
    Free* next;
    Free* next_chain; ///< of the first block of a chain in the depot
  };
  struct Slab {
    BlockDepot* depot;
    Slab* next;
  };
  static constexpr std::size_t slab_bytes = std::size_t{1} << 21; ///< of a huge page
  static constexpr std::size_t small_slab_bytes = std::size_t{1} << 16;

  BlockDepot() = default;
  ~BlockDepot();

  void let_go();
  Free* take_chain(std::size_t size_class);
  void put_chain(std::size_t size_class, Free* chain);

  /// Room for at least one block; returns its begin, and its end in `end`.
  std::byte* take_room(std::byte*& end);

  void lock() {
    while (busy_.test_and_set(std::memory_order_acquire))
      ;
  }
  void unlock() { busy_.clear(std::memory_order_release); }

  std::atomic<std::uint64_t> holders_{1};
  std::atomic_flag busy_;
  std::array<Free*, classes> chains_{};
  Slab* slabs_ = nullptr;
  std::size_t slab_count_ = 0;
};

/// Small blocks of memory for one owner at a time, from its own list of free ones: no lock, and
/// the block that was given back last, which is in the processor's cache, goes out first.
///
/// Blocks may be given back to another pool of the same depot than the one that they came from.
///
/// Threads: none inside.
/// Errors:  allocate() throws std::bad_alloc.
class BlockPool {
public:
  explicit BlockPool(BlockDepot& depot);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  [[nodiscard]] static constexpr bool serves(std::size_t bytes, std::size_t alignment) {
    return bytes <= BlockDepot::block_bytes_max && alignment <= BlockDepot::granule;
  }

  /// @pre serves(bytes, ...)
  [[nodiscard]] void* allocate(std::size_t bytes);
  void give_back(void* block, std::size_t bytes);

  /// Where no pool is at hand, the block stays unused until the depot goes.
  static void give_back(BlockPool* pool, void* block, std::size_t bytes);

  [[nodiscard]] BlockDepot& depot() { return depot_; }

  /// The same for blocks of any size: the large ones come from the heap.
  [[nodiscard]] std::pmr::memory_resource& resource() { return resource_; }

private:
  class Resource final : public std::pmr::memory_resource {
  public:
    explicit Resource(BlockPool& pool) : pool_(pool) {}

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }

    BlockPool& pool_;
  };

  using Free = BlockDepot::Free;

  /// Two lists, so that a full one can be handed to the depot, and an empty one filled, as a whole.
  /// Where blocks come from the heap, they are empty, but as long as full ones.
  struct List {
    Free* first = nullptr;
    Free* spare = nullptr;
    std::uint32_t size = 0;
  };
  static constexpr std::uint32_t chain_blocks = 512;

  static constexpr std::size_t class_of(std::size_t bytes) {
    return (bytes - 1) / BlockDepot::granule;
  }
  void* allocate_slowly(std::size_t size_class);
  void give_back_slowly(void* block, std::size_t size_class);
  static void leave(void* block); ///< until the depot goes

  BlockDepot& depot_;
  std::array<List, BlockDepot::classes> lists_{};
  std::byte* room_ = nullptr;
  std::byte* room_end_ = nullptr;
  Resource resource_{*this};
};

inline void* BlockPool::allocate(std::size_t bytes) {
  List& list = lists_[class_of(bytes)];
  Free* block = list.first;
  if (block == nullptr) [[unlikely]]
    return allocate_slowly(class_of(bytes));
  list.first = block->next;
  --list.size;
  return block;
}

inline void BlockPool::give_back(void* block, std::size_t bytes) {
  List& list = lists_[class_of(bytes)];
  if (list.size == chain_blocks) [[unlikely]]
    return give_back_slowly(block, class_of(bytes));
  auto* free = static_cast<Free*>(block);
  free->next = list.first;
  list.first = free;
  ++list.size;
}

inline void BlockPool::give_back(BlockPool* pool, void* block, std::size_t bytes) {
  if (pool != nullptr)
    pool->give_back(block, bytes);
  else
    leave(block);
}

} // namespace stos
