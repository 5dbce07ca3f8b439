#include "mnv4/runtime/packed_weights.h"

#include <algorithm>

#include "mnv4/base/error.h"

namespace mnv4::runtime {

std::shared_ptr<const PackedWeight> PackedWeights::GetOrPack(const Key& key, size_t bytes,
                                                             const Pack& pack) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const PackedWeight>& weight = weights_[key];
  if (weight == nullptr) {
    const Hash hash = HashOf(key.first + '\n' + key.second);
    weight = FromDisk(hash, bytes);
    if (weight == nullptr) weight = PackNow(bytes, pack);
    asked_for_.push_back({hash, {weight->data(), bytes}});
  }
  return weight;
}

std::shared_ptr<const PackedWeight> PackedWeights::PackNow(size_t bytes, const Pack& pack) {
  constexpr size_t kChunkBytes = 8 << 20;
  const size_t room = PackedRoom(bytes);
  if (chunk_ == nullptr || chunk_->size() - chunk_used_ < room) {
    chunk_ = std::make_shared<AlignedBuffer>(std::max(room, kChunkBytes));
    chunk_used_ = 0;
  }
  std::byte* const data = chunk_->data() + chunk_used_;
  pack(data);
  chunk_used_ += room;
  return std::make_shared<PackedWeight>(std::span(data, bytes), chunk_);
}

std::shared_ptr<const PackedWeight> PackedWeights::FromDisk(const Hash& key, size_t bytes) {
  if (!disk_.has_value()) return nullptr;
  const auto found = disk_->weights.extract(key);
  if (found.empty() || found.mapped().size() != bytes) {
    disk_->lacks_some = true;
    return nullptr;
  }
  return std::make_shared<PackedWeight>(found.mapped(), disk_->file);
}

void PackedWeights::Open(const std::string& folder, const std::function<Hash()>& network,
                         ThreadPool* pool) {
  const std::lock_guard lock(mutex_);
  if (disk_.has_value()) return;
  disk_ = Disk{.network = network()};
  disk_->path = PackedPath(folder, disk_->network);
  try {
    disk_->file = MappedFile::Open(disk_->path);
  } catch (const Error&) {
    return;  // most often there is none
  }
  disk_->weights = ReadPacked(disk_->file->bytes(), disk_->network, pool);
}

void PackedWeights::Save() {
  const std::lock_guard lock(mutex_);
  if (!disk_.has_value() || std::exchange(disk_->saved, true) || !disk_->lacks_some) return;
  auto weights = asked_for_;
  for (const auto& weight : disk_->weights) weights.push_back(weight);  // for other input shapes
  WritePacked(disk_->path, disk_->network, weights);
}

}  // namespace mnv4::runtime
