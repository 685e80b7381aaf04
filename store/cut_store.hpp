#pragma once

#include "libstos/base/content_hash.hpp"
#include "libstos/base/result.hpp"
#include "libstos/image/cut_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

namespace detail {
class RecordCoder;
}

/// What a cut in a store is called.
struct CutLabel {
  std::string run;           ///< simulation.name, or the name of the branch
  std::uint64_t lineage = 0; ///< one number for a run and all runs that go on from its cuts
  double time = 0;           ///< laboratory time, s
  std::string state_digest;
  std::uint64_t agents = 0;
  std::int64_t written_s = 0; ///< Unix time, as the writer's clock has it
};

/// A complete cut in a store.
struct CutEntry : CutLabel {
  std::uint64_t number = 0; ///< 1, 2, ... in the order in which the cuts of a store were written
  std::uint64_t bytes = 0;  ///< of its chunks, before compression
};

/// What is meant to be done with a store.
enum class Access { read, write };

struct StoreLimits {
  double lock_wait_s = 30; ///< how long a writer waits for another one
  double answer_s = 10;    ///< how long a server may take to answer
  double lock_s = 15;      ///< a writer that a server does not hear of for so long loses its turn
};

/// Where complete cuts of runs lie, each as a manifest and chunks under the hashes of their
/// contents, so that a chunk that has not changed since another cut is stored once, and one that
/// has changed a little as its difference from what it was.
///
/// A cut is there whole or not at all: what fails, and a process that is killed, leave the complete
/// cuts of a store as they were. Chunks that an unfinished cut has left behind are removed by the
/// next one that is written.
///
/// Several processes, and several objects in a process, may use one store at a time. They write one
/// after another; readers wait for no writer, and no writer waits for them. An object reads the
/// state that it has found at its last list(). Except on a server, what it reads stays there until
/// the next one, or until it writes or is gone; so keep no object longer than needed: a file grows
/// meanwhile. On a server, chunks of cuts that were removed since cannot be read.
///
/// Threads: none inside; one thread at a time for each object.
/// Errors:  io_error with the place (never a password), what was seen there, and what to do; out of
///          memory likewise. bad_argument if the place is none.
class CutStore {
public:
  /// What write() has done.
  struct Written {
    std::uint64_t number = 0;
    std::uint64_t chunks = 0;           ///< of the cut
    std::uint64_t chunks_new = 0;       ///< of these, those that were not there yet
    std::uint64_t chunks_different = 0; ///< of these, those stored as differences from others
    std::uint64_t bytes_new = 0;        ///< of the new chunks and the manifest
    std::uint64_t bytes_stored = 0;     ///< of the same, compressed
    std::uint64_t cuts_removed = 0;     ///< replaced ones, and those beyond `keep`
    std::string warning; ///< the cut is complete, but older ones could not be removed, and why
  };

  /// What list() has found.
  struct Contents {
    std::vector<CutEntry> cuts;      ///< complete and right, by number
    std::vector<std::string> damage; ///< what is damaged: each a sentence that names the cut
  };

  /// Opens the store at `place`:
  ///
  ///   a folder             an LMDB file in it; made if it is not there and the store is to be
  ///                        written to
  ///   redis://[USER][:PASSWORD@]HOST[:PORT][/DB]
  ///   memory:NAME          in this process, as long as it lives; without a name, as long as this
  ///                        object does
  ///
  /// A folder is looked through first, since LMDB trusts its file: a store that is damaged is not
  /// written to, but what is right in it can be read.
  [[nodiscard]] static Result<std::unique_ptr<CutStore>>
  open(const std::string& place, Access access, const StoreLimits& limits = {});

  virtual ~CutStore();
  CutStore(const CutStore&) = delete;
  CutStore& operator=(const CutStore&) = delete;

  /// Where it is, for texts: as in open(), without a password.
  [[nodiscard]] const std::string& place() const { return place_; }

  /// Stores the chunks that are not there yet, then makes the cut complete. A cut of the same
  /// lineage and time is replaced. If `keep` > 0, the oldest complete cuts of the lineage beyond
  /// so many are removed then, and in any case the chunks that no cut refers to any more.
  /// @pre opened to be written to
  [[nodiscard]] virtual Result<Written> write(const CutLabel& label, const detail::EncodedCut& cut,
                                              std::uint32_t keep) = 0;

  /// The complete cuts. Those that are damaged are told apart: a folder is read whole for that; a
  /// server is asked whether it has all that its cuts refer to.
  [[nodiscard]] virtual Result<Contents> list() = 0;

  struct Manifest {
    std::vector<std::byte> bytes;
    std::vector<ContentHash> chunks; ///< that it names, in its order
  };

  /// Of a cut, as list() has found it. Fails if it is not there, or damaged.
  [[nodiscard]] virtual Result<Manifest> manifest(std::uint64_t number) = 0;
  [[nodiscard]] Result<std::vector<std::byte>> chunk(const ContentHash& name);

protected:
  explicit CutStore(std::string place);

  /// Of a chunk, as it lies there (see RecordCoder). Fails if it does not.
  [[nodiscard]] virtual Result<std::vector<std::byte>> chunk_record(const ContentHash& name) = 0;
  [[nodiscard]] detail::RecordCoder& coder() const { return *coder_; }

private:
  std::string place_;
  std::unique_ptr<detail::RecordCoder> coder_;
};

/// Which cut of a store is meant: those of `run`, if one is named; of these, the one with that
/// number, or of that time, or else the last one written.
struct CutChoice {
  std::optional<double> time = {};
  std::optional<std::uint64_t> number = {};
  std::string run = {};
};

/// The cut that is meant. Of several of one run and time, which lineages have, the last one
/// written. Fails with bad_argument if there is none, or several runs have one: with a list of what
/// there is, or with what is damaged if that is all.
[[nodiscard]] Result<CutEntry> pick(const CutStore& store, const CutStore::Contents& contents,
                                    const CutChoice& choice);

/// A whole cut. Fails with what is damaged in it, or with what the store fails with. Another thread
/// reads the store meanwhile, so the next chunks come while one is taken in.
[[nodiscard]] Result<detail::Cut> read_cut(CutStore& store, const CutEntry& entry);

/// One line for people: "#12  t = 30 s  run lattice, 10000 agents, 1.2 MB, state 0123456789abcdef".
[[nodiscard]] std::string to_string(const CutEntry& entry);

} // namespace stos
