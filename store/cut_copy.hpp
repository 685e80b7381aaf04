#pragma once

#include "libstos/base/content_hash.hpp"
#include "libstos/base/result.hpp"
#include "libstos/image/cut_bytes.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace stos::detail {

/// A whole cut in memory, compressed, to be sent to other nodes and gone on from. Chunks that two
/// copies have in common are there once.
///
/// Threads: a copy never changes.
class CutCopy {
public:
  CutCopy() = default;

  /// `label` is the caller's: what else is to be known of the cut. With the chunks of `before`, as
  /// far as they are the same.
  CutCopy(const Cut& cut, std::vector<std::byte> label, const CutCopy& before);

  /// As bytes, without the chunks that `there` has.
  [[nodiscard]] std::vector<std::byte> news_for(const CutCopy& there) const;

  /// What news_for() has made for `here`. Fails with bad_message on anything else.
  [[nodiscard]] static Result<CutCopy> read(std::span<const std::byte> news, const CutCopy& here);

  /// Fails with bad_message if it was changed, with the name of the chunk.
  [[nodiscard]] Result<Cut> cut() const;

  [[nodiscard]] const std::vector<std::byte>& label() const { return label_; }
  [[nodiscard]] std::size_t chunks() const { return chunks_.size(); }
  [[nodiscard]] std::size_t bytes() const; ///< of memory, roughly

private:
  using Record = std::shared_ptr<const std::vector<std::byte>>; ///< see RecordCoder

  std::vector<std::byte> label_;
  std::vector<std::byte> manifest_;
  std::map<ContentHash, Record> chunks_;
};

} // namespace stos::detail
