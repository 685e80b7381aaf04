#pragma once

#include "libstos/image/cut.hpp"
#include "store/cut_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

// Cuts in stores, as users name them. All of it throws UsageError: bad_config, bad_argument or
// io_error. What is damaged in a store is told on standard error.
//
// Threads: none inside.

struct OpenedStore {
  std::unique_ptr<CutStore> store;
  CutStore::Contents contents;
};
[[nodiscard]] OpenedStore open_to_read(const std::string& place);

struct ReadCut {
  Cut cut;
  CutEntry entry;
  std::string place;
};

/// By `PLACE`, `PLACE@TIME` or `PLACE@#NUMBER`.
[[nodiscard]] ReadCut read_named_cut(const std::string& name);

/// The name of a run, by which a store knows its cuts.
[[nodiscard]] inline const std::string& name_of_run(const RunOptions& options) {
  return options.snapshot.branch.empty() ? options.simulation_name : options.snapshot.branch;
}

/// The latest cut of a run, by its name and lineage, that lies at `place` and is later than
/// `after`; nothing if there is none, or no store. What cannot be read is told on standard error,
/// and the one before it is taken: this throws nothing.
[[nodiscard]] std::optional<ReadCut> latest_stored_cut(const std::string& place,
                                                       const std::string& run,
                                                       std::uint64_t lineage,
                                                       std::optional<double> after);

/// That the program has all classes of agents and lambdas of the cut; else says, of `what`, which
/// ones it has not.
void require_all_types(const Cut& cut, const std::string& what);

/// That they are made of what they were made of in the cut, as far as that is known here: of the
/// classes, those of `agents`.
void require_same_fields(const Cut& cut, const std::string& what, World& world,
                         const std::vector<Cell*>& agents);

/// One of an opened store.
[[nodiscard]] Cut read(const OpenedStore& opened, const CutEntry& entry);

} // namespace stos::detail
