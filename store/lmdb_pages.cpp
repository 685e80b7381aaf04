#include "store/lmdb_pages.hpp"

#include "libstos/base/bytes.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE;
constexpr std::uint32_t format = 1;
constexpr std::size_t page_header = 16;
constexpr std::size_t node_header = 8;
constexpr std::size_t meta_size = 136;
constexpr std::size_t key_bytes_max = 511;
constexpr std::size_t depth_max = 32;
constexpr std::size_t damages_told = 10;
constexpr std::uint64_t first_page = 2; // behind the metas
constexpr std::uint64_t no_page = ~std::uint64_t{0};

constexpr std::uint16_t page_branch = 1;
constexpr std::uint16_t page_leaf = 2;
constexpr std::uint16_t page_overflow = 4;
constexpr std::uint16_t page_meta = 8;
constexpr std::uint16_t node_big = 1;         // the value lies on pages of its own
constexpr std::uint16_t keys_are_numbers = 8; // of the tree of free pages

struct PageHeader {
  std::uint64_t number = 0;
  std::uint16_t flags = 0;
  std::uint16_t lower = 0; // where the room between offsets and nodes begins
  std::uint16_t upper = 0; // and ends
  std::uint32_t pages = 0; // instead of these two, of a value's first page
};

PageHeader read_header(std::span<const std::byte> page) {
  BytesReader in(page);
  PageHeader header;
  header.number = in.u64();
  in.u16();
  header.flags = in.u16();
  BytesReader pages(page.subspan(page_header - 4));
  header.pages = pages.u32();
  header.lower = in.u16();
  header.upper = in.u16();
  return header;
}

LmdbTree read_tree(BytesReader& in) {
  LmdbTree tree;
  tree.flags = in.u16();
  tree.depth = in.u16();
  tree.branch_pages = in.u64();
  tree.leaf_pages = in.u64();
  tree.overflow_pages = in.u64();
  tree.entries = in.u64();
  tree.root = in.u64();
  return tree;
}

std::optional<LmdbMeta> read_meta(const ReadableFile& file, std::uint64_t offset) {
  std::array<std::byte, page_header + meta_size> bytes{};
  if (!file.read(offset, bytes) || (read_header(bytes).flags & page_meta) == 0)
    return std::nullopt;
  BytesReader in(std::span<const std::byte>(bytes).subspan(page_header));
  if (in.u32() != magic || in.u32() != format)
    return std::nullopt;
  in.raw(16); // the address and the size that it was once mapped with
  LmdbMeta meta;
  meta.page_size = in.u32();
  meta.free = read_tree(in);
  in.u32();
  meta.main = read_tree(in);
  meta.last_page = in.u64();
  meta.transaction = in.u64();
  const bool possible = std::has_single_bit(meta.page_size) && meta.page_size >= 512 &&
                        meta.page_size <= 32768 && meta.free.flags == keys_are_numbers &&
                        meta.main.flags == 0 && meta.last_page >= first_page - 1 &&
                        meta.last_page < no_page / meta.page_size;
  if (!possible)
    return std::nullopt;
  return meta;
}

std::string page_name(std::uint64_t page) { return "page " + std::to_string(page); }

// Walks one state of a file.
class Walk {
public:
  Walk(const ReadableFile& file, const LmdbMeta& meta, LmdbContents& found)
      : file_(file), meta_(meta), size_(meta.page_size), pages_in_file_(file.size / size_),
        claimed_(pages_in_file_), found_(found) {}

  void run() {
    std::vector<LmdbContents::Record> free_lists;
    walk_tree(meta_.free, "the tree of free pages", compare_numbers, free_lists);
    walk_tree(meta_.main, "the tree of records", compare_texts, found_.records);
    for (const LmdbContents::Record& list : free_lists)
      claim_free_pages(list);
    // What lies beyond the end of the file must be free, every page of it.
    std::sort(free_beyond_.begin(), free_beyond_.end());
    const std::uint64_t wanted =
        meta_.last_page + 1 > pages_in_file_ ? meta_.last_page + 1 - pages_in_file_ : 0;
    if (std::adjacent_find(free_beyond_.begin(), free_beyond_.end()) != free_beyond_.end() ||
        free_beyond_.size() != wanted)
      damaged("the file ends after " + std::to_string(pages_in_file_) + " pages of " +
              std::to_string(meta_.last_page + 1));
  }

private:
  using Compare = int (*)(const std::string&, const std::string&);

  // A tree while it is walked, with what was found to be compared with what it says.
  struct Tree {
    const LmdbTree& told;
    Compare compare;
    std::vector<LmdbContents::Record>& records;
    LmdbTree found;
    std::optional<std::string> last_key;
    std::optional<std::string> at_least; // of the next key
  };
  struct Node {
    std::uint16_t flags = 0;
    std::uint32_t size = 0;  // of a leaf's value
    std::uint64_t child = 0; // of a branch
    std::string key;
    std::size_t value = 0; // where it begins in the page
  };

  void damaged(std::string what) {
    if (found_.damage.size() < damages_told)
      found_.damage.push_back(std::move(what));
  }

  static int compare_texts(const std::string& a, const std::string& b) { return a.compare(b); }
  static int compare_numbers(const std::string& a, const std::string& b) {
    const std::uint64_t x = number_of(a);
    const std::uint64_t y = number_of(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  static std::uint64_t number_of(const std::string& key) {
    return BytesReader(std::as_bytes(std::span(key))).u64();
  }

  // Each page belongs to one place.
  bool claim(std::uint64_t first, std::uint64_t pages, const std::string& by) {
    if (first < first_page || first > meta_.last_page || pages > meta_.last_page - first + 1) {
      damaged(by + " leads to " + page_name(first) + ", which there is not");
      return false;
    }
    if (first + pages > pages_in_file_) {
      damaged(by + " leads to " + page_name(first) + ", which is beyond the end of the file");
      return false;
    }
    for (std::uint64_t page = first; page < first + pages; ++page) {
      if (claimed_[page]) {
        damaged(page_name(page) + " belongs to two places, the second one: " + by);
        return false;
      }
      claimed_[page] = true;
    }
    return true;
  }

  void walk_tree(const LmdbTree& told, const std::string& name, Compare compare,
                 std::vector<LmdbContents::Record>& records) {
    Tree tree{told, compare, records, {}, {}, {}};
    const std::size_t damages = found_.damage.size();
    if (told.root == no_page) {
      if (told.depth != 0)
        damaged(name + " has no root, but a depth");
    } else if (told.depth == 0 || told.depth > depth_max) {
      damaged(name + " has a depth of " + std::to_string(told.depth));
    } else {
      visit(tree, told.root, 1, name);
    }
    const LmdbTree& found = tree.found;
    if (found_.damage.size() == damages &&
        (found.branch_pages != told.branch_pages || found.leaf_pages != told.leaf_pages ||
         found.overflow_pages != told.overflow_pages || found.entries != told.entries))
      damaged(name + " has other numbers of pages and entries than it says");
  }

  void visit(Tree& tree, std::uint64_t number, std::size_t level, const std::string& from) {
    if (!claim(number, 1, from))
      return;
    std::vector<std::byte> page(size_);
    if (!file_.read(number * size_, page)) {
      damaged(page_name(number) + " cannot be read");
      return;
    }
    const bool leaf = level == tree.told.depth;
    const PageHeader header = read_header(page);
    if (header.number != number || header.flags != (leaf ? page_leaf : page_branch)) {
      damaged(page_name(number) + " is not the one that it should be");
      return;
    }
    ++(leaf ? tree.found.leaf_pages : tree.found.branch_pages);
    const std::vector<Node> nodes = read_nodes(page, header, leaf);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (leaf) {
        take_record(tree, number, nodes[i]);
        continue;
      }
      // The first key of a branch is not looked at by LMDB. The others divide what is below.
      if (i > 0) {
        check_order(tree, nodes[i].key, number);
        tree.at_least = nodes[i].key;
      }
      visit(tree, nodes[i].child, level + 1, page_name(number));
    }
  }

  // Those that lie within the page.
  std::vector<Node> read_nodes(std::span<const std::byte> page, const PageHeader& header,
                               bool leaf) {
    std::vector<Node> nodes;
    if (header.lower < page_header + 2 || header.lower > header.upper || header.upper > size_ ||
        header.lower % 2 != 0) {
      damaged(page_name(header.number) + " has an impossible number of entries");
      return nodes;
    }
    std::vector<std::pair<std::size_t, std::size_t>> places;
    BytesReader offsets(page.subspan(page_header, header.lower - page_header));
    while (offsets.remaining() > 0) {
      const std::size_t begin = offsets.u16();
      std::size_t end = begin + node_header;
      if (begin < header.upper || begin % 2 != 0 || end > size_) {
        damaged(page_name(header.number) + " has an entry outside of it");
        continue;
      }
      Node node;
      BytesReader in(page.subspan(begin));
      const std::uint64_t low = in.u32();
      node.flags = in.u16();
      const std::size_t key_size = in.u16();
      node.size = static_cast<std::uint32_t>(low);
      node.child = low | static_cast<std::uint64_t>(node.flags) << 32;
      node.value = end + key_size;
      const bool big = leaf && node.flags == node_big;
      end = node.value + (!leaf ? 0 : big ? sizeof(std::uint64_t) : node.size);
      if (end > size_ || key_size > key_bytes_max || (leaf && key_size == 0) ||
          (leaf && node.flags != 0 && !big)) {
        damaged(page_name(header.number) + " has an entry that cannot be");
        continue;
      }
      const auto key = in.raw(key_size);
      node.key.assign(reinterpret_cast<const char*>(key.data()), key.size());
      if (big)
        node.child = in.u64();
      places.emplace_back(begin, end);
      nodes.push_back(std::move(node));
    }
    std::sort(places.begin(), places.end());
    for (std::size_t i = 0; i + 1 < places.size(); ++i)
      if (places[i].second > places[i + 1].first) {
        damaged(page_name(header.number) + " has entries one over another");
        break;
      }
    return nodes;
  }

  void check_order(Tree& tree, const std::string& key, std::uint64_t page) {
    if (tree.last_key && tree.compare(*tree.last_key, key) >= 0)
      damaged(page_name(page) + " has keys out of order");
  }

  void take_record(Tree& tree, std::uint64_t page, const Node& node) {
    check_order(tree, node.key, page);
    if (tree.at_least && tree.compare(node.key, *tree.at_least) < 0)
      damaged(page_name(page) + " has keys that belong in front of it");
    tree.at_least.reset();
    tree.last_key = node.key;
    ++tree.found.entries;
    LmdbContents::Record record{node.key, page * size_ + node.value, node.size};
    if (node.flags == node_big && !take_big_value(tree, page, node, record))
      return;
    tree.records.push_back(std::move(record));
  }

  bool take_big_value(Tree& tree, std::uint64_t from, const Node& node,
                      LmdbContents::Record& record) {
    const std::uint64_t number = node.child;
    std::array<std::byte, page_header> bytes{};
    if (number < first_page || number >= pages_in_file_ || !file_.read(number * size_, bytes)) {
      damaged(page_name(from) + " has a value beyond the end of the file");
      return false;
    }
    const PageHeader header = read_header(bytes);
    const std::uint64_t wanted = (page_header - 1 + node.size) / size_ + 1;
    if (header.number != number || header.flags != page_overflow || header.pages < wanted) {
      damaged(page_name(number) + " is not the value that it should be");
      return false;
    }
    if (!claim(number, header.pages, page_name(from)))
      return false;
    tree.found.overflow_pages += header.pages;
    record.offset = number * size_ + page_header;
    return true;
  }

  // A list of free pages: their number, then themselves, the last one first.
  void claim_free_pages(const LmdbContents::Record& list) {
    const std::string name = "the list of pages free since " + std::to_string(number_of(list.key));
    std::vector<std::byte> bytes(list.size);
    if (list.key.size() != sizeof(std::uint64_t) || number_of(list.key) > meta_.transaction ||
        !file_.read(list.offset, bytes)) {
      damaged(name + " cannot be");
      return;
    }
    BytesReader in(bytes);
    std::uint64_t before = no_page;
    std::uint64_t left = in.u64();
    for (; left > 0 && in.ok(); --left) {
      const std::uint64_t page = in.u64();
      if (page >= before || page < first_page || page > meta_.last_page) {
        damaged(name + " is out of order");
        return;
      }
      before = page;
      if (page >= pages_in_file_)
        free_beyond_.push_back(page);
      else if (!claim(page, 1, name))
        return;
    }
    if (!in.ok())
      damaged(name + " ends too early");
  }

  const ReadableFile& file_;
  const LmdbMeta& meta_;
  const std::size_t size_; // of a page
  const std::uint64_t pages_in_file_;
  std::vector<bool> claimed_;
  std::vector<std::uint64_t> free_beyond_;
  LmdbContents& found_;
};

} // namespace

LmdbMetas read_lmdb_metas(const ReadableFile& file) {
  // The second one lies a page behind the first one; if that cannot say how far, where it most
  // often is.
  constexpr std::uint32_t usual_page_size = 4096;
  LmdbMetas metas;
  metas[0] = read_meta(file, 0);
  metas[1] = read_meta(file, metas[0] ? metas[0]->page_size : usual_page_size);
  return metas;
}

std::string obstacle_to_open(const ReadableFile& file, const LmdbMetas& metas) {
  if (!metas[0] && !metas[1])
    return "it is not a file of LMDB, or its first pages are damaged";
  for (std::size_t i = 0; i < metas.size(); ++i)
    if (!metas[i])
      return page_name(i) + " is damaged";
  if (metas[0]->page_size != metas[1]->page_size)
    return "pages 0 and 1 do not agree on the size of a page";
  // They take turns, transaction by transaction; a new file has none.
  const std::uint64_t even = metas[0]->transaction;
  const std::uint64_t odd = metas[1]->transaction;
  if (!(even == 0 && odd == 0) && (even % 2 != 0 || (odd != even + 1 && odd + 1 != even)))
    return "pages 0 and 1 are not of two transactions in a row";
  const LmdbMeta& newer = *metas[even > odd ? 0 : 1];
  // Pages beyond the end of the file are free ones that were never written.
  constexpr std::uint64_t unwritten_max = 1 << 20;
  if (newer.last_page > file.size / newer.page_size + unwritten_max)
    return page_name(even > odd ? 0 : 1) + " is damaged";
  return {};
}

LmdbContents look_through(const ReadableFile& file, const LmdbMeta& meta) {
  LmdbContents found;
  Walk(file, meta, found).run();
  return found;
}

} // namespace stos::detail
