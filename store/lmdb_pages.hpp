#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

// An LMDB file, read without LMDB, which trusts its file: a wrong page makes it crash, or overwrite
// what is right. Here every offset and count is checked before it is used, so the file may be
// anything; what can be reached of it is found.
//
// Source:  the data format 1 of LMDB 0.9 (mdb.c: MDB_meta, MDB_page, MDB_node), 64 bits, little
//          endian.
// Threads: none inside.

/// A file, or anything like it.
struct ReadableFile {
  std::uint64_t size = 0;
  /// Fills `to` from that offset. False if that cannot be read, or is not all there.
  std::function<bool(std::uint64_t offset, std::span<std::byte> to)> read;
};

/// One of the two trees of a file: of its free pages, and of its records.
struct LmdbTree {
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
  std::uint64_t entries = 0;
  std::uint64_t root = 0;
};

/// What a state of the file begins with. Two of them take turns.
struct LmdbMeta {
  std::uint32_t page_size = 0;
  LmdbTree free;
  LmdbTree main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

/// Both of them; nothing in the place of one that cannot be.
using LmdbMetas = std::array<std::optional<LmdbMeta>, 2>;
[[nodiscard]] LmdbMetas read_lmdb_metas(const ReadableFile& file);

/// Why LMDB must not open the file: it is none of LMDB, or its metas cannot be. Empty if it may.
[[nodiscard]] std::string obstacle_to_open(const ReadableFile& file, const LmdbMetas& metas);

/// What was found in a state of a file.
struct LmdbContents {
  /// A record: its key, and where its value lies in the file.
  struct Record {
    std::string key;
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
  };
  std::vector<Record> records; ///< all that can be reached, in the file's order
  std::vector<std::string>
      damage; ///< what is wrong, page by page; LMDB may be let at it if nothing is
};

/// Walks all pages of the state that `meta` begins: each must be in one place only, used or free,
/// and be what leads to it says. Values are not read.
/// Cost: O(pages of the trees) reads, a bit for each page of the file.
[[nodiscard]] LmdbContents look_through(const ReadableFile& file, const LmdbMeta& meta);

} // namespace stos::detail
