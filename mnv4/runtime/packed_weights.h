#pragma once
/// The weights of a network as kernels read them: packed once, or taken from an earlier process.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/io/mapped_file.h"
#include "mnv4/runtime/packed_file.h"

namespace mnv4::runtime {

/// The weights of one layer: a part of a larger piece of memory, which lives as long as anyone
/// points to one of its parts.
class PackedWeight {
 public:
  PackedWeight(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}
  const std::byte* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// Packed weights by (parameter, kernel), shared by all plans of a model; what is packed one after
/// another lies one behind another. Thread-safe.
class PackedWeights {
 public:
  using Key = std::pair<std::string, std::string>;
  using Pack = std::function<void(void* zeroed)>;

  /// The weight of that key; if it is asked for the first time, from the file or packed now.
  std::shared_ptr<const PackedWeight> GetOrPack(const Key& key, size_t bytes, const Pack& pack);

  /// Takes weights from the file of `network()` in `folder` from now on, where that has them, and
  /// checks them all on the threads of `pool`, if any. Only the first call does anything.
  void Open(const std::string& folder, const std::function<Hash()>& network, ThreadPool* pool);
  /// Writes that file if it lacked a weight that was asked for since. Only the first call does
  /// anything. Throws Error(kRuntime), which changes nothing but the next start.
  void Save();

 private:
  struct Disk {
    std::string path = {};
    Hash network;
    std::shared_ptr<const MappedFile> file = {};              // null: there was none
    std::map<Hash, std::span<const std::byte>> weights = {};  // of it, nobody has asked for
    bool lacks_some = false;
    bool saved = false;
  };

  std::shared_ptr<const PackedWeight> FromDisk(const Hash& key, size_t bytes);
  std::shared_ptr<const PackedWeight> PackNow(size_t bytes, const Pack& pack);

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const PackedWeight>> weights_;
  std::vector<std::pair<Hash, std::span<const std::byte>>> asked_for_;  // the same, in order
  std::shared_ptr<AlignedBuffer> chunk_;                                // the last
  size_t chunk_used_ = 0;                                               // bytes
  std::optional<Disk> disk_;
};

}  // namespace mnv4::runtime
