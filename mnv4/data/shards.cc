// A data set of WebDataset shards on disk.

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "mnv4/data/dataset.h"
#include "mnv4/data/webdataset.h"

namespace mnv4::data {
namespace {

int64_t FileSize(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

class Shards : public Dataset {
 public:
  Shards(std::vector<std::string> paths, const ClassMap& classes)
      : paths_(std::move(paths)), classes_(classes) {
    for (const std::string& path : paths_) {
      TarReader opened(path);  // a missing one is found now, not hours later
      total_bytes_ += FileSize(path);
    }
  }

  std::optional<Sample> Next() override {
    while (shard_ || next_ < paths_.size()) {
      if (!shard_) shard_.emplace(TarReader(paths_[next_++]), classes_);
      std::optional<Sample> sample = shard_->Next();
      if (sample) {
        ++count_;
        Estimate(bytes_before_ + shard_->position());
        return sample;
      }
      shard_.reset();
      bytes_before_ += FileSize(paths_[next_ - 1]);
    }
    size_ = count_;
    return std::nullopt;
  }

  int64_t Size() const override { return size_; }

 private:
  void Estimate(int64_t bytes) {
    if (bytes <= 0) return;
    const double part =
        std::min(1.0, static_cast<double>(bytes) / std::max<double>(total_bytes_, 1));
    size_ = std::max(count_, static_cast<int64_t>(count_ / part));
  }

  const std::vector<std::string> paths_;
  const ClassMap& classes_;
  size_t next_ = 0;
  std::optional<ShardReader> shard_;
  int64_t total_bytes_ = 0, bytes_before_ = 0, count_ = 0;
  std::atomic<int64_t> size_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> OpenShards(std::vector<std::string> paths, const ClassMap& classes) {
  return std::make_unique<Shards>(std::move(paths), classes);
}

bool IsShardName(std::string_view name) {
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tgz") ||
         name.ends_with(".tar.zst");
}

}  // namespace mnv4::data
