#pragma once

#include "libstos/base/random.hpp"
#include "store/log_folder.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// A disk in memory, which outlives the nodes that write to it: what was not synced may be lost or
/// torn by a crash, it may be full, and it may say that it has synced what it has not.
class VirtualDisk {
public:
  struct File {
    std::vector<std::byte> bytes;
    std::size_t safe = 0; ///< so many of them are on the disk
  };

  std::map<std::string, File> files;
  std::uint64_t capacity = ~0ull;
  bool lies = false; ///< sync() does nothing
  std::uint64_t syncs = 0;
  std::uint64_t fails_at = ~0ull; ///< so many writes and syncs are done, then all fail

  [[nodiscard]] std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : files)
      sum += file.bytes.size();
    return sum;
  }

  /// The power goes: of what was not synced, anything may be there.
  void crash(RandomStream& random) {
    // Names are safe up to some point.
    while (!undo_names_.empty() && random.bernoulli(0.5)) {
      undo_names_.back()();
      undo_names_.pop_back();
    }
    undo_names_.clear();
    for (auto& [name, file] : files)
      tear(file, random);
  }

  std::unique_ptr<LogFolder> open();

private:
  friend class VirtualLogFolder;

  static void tear(File& file, RandomStream& random) {
    const std::size_t loose = file.bytes.size() - file.safe;
    if (loose == 0)
      return;
    const std::size_t kept = random.below(static_cast<std::uint32_t>(loose + 1));
    file.bytes.resize(file.safe + kept);
    // Some of what has got there has not, and there is something else, or nothing.
    if (kept > 0 && random.bernoulli(0.5)) {
      const std::size_t at = file.safe + random.below(static_cast<std::uint32_t>(kept));
      const std::size_t end = std::min(file.bytes.size(), at + 1 + random.below(512));
      const bool noise = random.bernoulli(0.5);
      for (std::size_t i = at; i < end; ++i)
        file.bytes[i] = noise ? std::byte(random.below(256)) : std::byte{};
    }
    file.safe = file.bytes.size();
  }

  std::vector<std::function<void()>> undo_names_; // of what was not synced
};

class VirtualLogFolder final : public LogFolder {
public:
  explicit VirtualLogFolder(VirtualDisk& disk) : disk_(disk) {}

  [[nodiscard]] std::string path_of(const std::string& name) const override {
    return "disk/" + name;
  }

  [[nodiscard]] Result<std::vector<std::string>> names() override {
    std::vector<std::string> all;
    for (const auto& [name, file] : disk_.files)
      all.push_back(name);
    return all;
  }

  [[nodiscard]] Result<std::vector<std::byte>> read(const std::string& name) override {
    const auto at = disk_.files.find(name);
    if (at == disk_.files.end())
      return Error{Errc::io_error, path_of(name) + ": there is no such file"};
    return at->second.bytes;
  }

  [[nodiscard]] Result<void> append(const std::string& name,
                                    std::span<const std::byte> bytes) override {
    if (!works())
      return failed(name, "the disk fails");
    if (!disk_.files.contains(name))
      disk_.undo_names_.emplace_back([&disk = disk_, name] { disk.files.erase(name); });
    VirtualDisk::File& file = disk_.files[name];
    const std::uint64_t room = disk_.capacity - std::min(disk_.capacity, disk_.size());
    const std::size_t fits = std::min<std::size_t>(bytes.size(), room);
    file.bytes.insert(file.bytes.end(), bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(fits));
    if (fits < bytes.size())
      return failed(name, "the disk is full: make room, and start the node again");
    return {};
  }

  [[nodiscard]] Result<void> truncate(const std::string& name, std::uint64_t size) override {
    if (!works())
      return failed(name, "the disk fails");
    VirtualDisk::File& file = disk_.files[name];
    file.bytes.resize(std::min<std::size_t>(file.bytes.size(), size));
    file.safe = std::min(file.safe, file.bytes.size());
    return {};
  }

  [[nodiscard]] Result<void> sync(const std::string& name) override {
    if (!works())
      return failed(name, "the disk fails");
    ++disk_.syncs;
    if (!disk_.lies)
      disk_.files[name].safe = disk_.files[name].bytes.size();
    return {};
  }

  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
    if (!works())
      return failed(from, "the disk fails");
    disk_.files[to] = std::move(disk_.files[from]);
    disk_.files.erase(from);
    disk_.undo_names_.emplace_back([&disk = disk_, from, to] {
      disk.files[from] = std::move(disk.files[to]);
      disk.files.erase(to);
    });
    return {};
  }

  [[nodiscard]] Result<void> remove(const std::string& name) override {
    if (!works())
      return failed(name, "the disk fails");
    auto gone = std::make_shared<VirtualDisk::File>(std::move(disk_.files[name]));
    disk_.files.erase(name);
    disk_.undo_names_.emplace_back(
        [&disk = disk_, name, gone] { disk.files[name] = std::move(*gone); });
    return {};
  }

  [[nodiscard]] Result<void> sync_names() override {
    if (!works())
      return failed("", "the disk fails");
    if (!disk_.lies)
      disk_.undo_names_.clear();
    return {};
  }

private:
  [[nodiscard]] Error failed(const std::string& name, const std::string& what) const {
    return {Errc::io_error, path_of(name) + ": " + what};
  }
  bool works() { return disk_.fails_at > 0 && (disk_.fails_at == ~0ull || disk_.fails_at-- > 0); }

  VirtualDisk& disk_;
};

inline std::unique_ptr<LogFolder> VirtualDisk::open() {
  return std::make_unique<VirtualLogFolder>(*this);
}

} // namespace stos::test
