#pragma once

#include "store/cut_store.hpp"

#include <map>
#include <memory>
#include <vector>

namespace stos::detail {

/// A store in the memory of this process. Chunks lie there as they are, uncompressed.
///
/// Threads: objects of one name may be used by several threads at a time.
/// Owns:    a store with a name lives as long as the process.
class MemoryStore : public CutStore {
public:
  explicit MemoryStore(const std::string& name);

  Result<Written> write(const CutLabel& label, const EncodedCut& cut, std::uint32_t keep) override;
  Result<Contents> list() override;
  Result<std::vector<std::byte>> manifest(std::uint64_t number) override;
  Result<std::vector<std::byte>> chunk(const ContentHash& name) override;

  struct Shelf;

private:
  std::shared_ptr<Shelf> shelf_; ///< shared by the stores of one name
  std::shared_ptr<Shelf> found_; ///< by the last list(); its contents are shared with shelf_'s
};

} // namespace stos::detail
