#pragma once

#include "store/cut_store.hpp"

#include <map>
#include <memory>
#include <vector>

namespace stos::detail {

/// A store in the memory of this process. What lies there is as small as elsewhere.
///
/// Threads: objects of one name may be used by several threads at a time.
/// Owns:    a store with a name lives as long as the process.
class MemoryStore : public CutStore {
public:
  explicit MemoryStore(const std::string& name);

  Result<Written> write(const CutLabel& label, const EncodedCut& cut, std::uint32_t keep) override;
  Result<Contents> list() override;
  Result<Manifest> manifest(std::uint64_t number) override;

  struct Shelf;

private:
  Result<std::vector<std::byte>> chunk_record(const ContentHash& name) override;

  std::shared_ptr<Shelf> shelf_; ///< shared by the stores of one name
  std::shared_ptr<Shelf> found_; ///< by the last list(); its contents are shared with shelf_'s
};

} // namespace stos::detail
