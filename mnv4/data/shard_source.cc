#include "mnv4/data/shard_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/data/webdataset.h"
#include "mnv4/io/file.h"

namespace mnv4::data {
namespace {

// A file that is open as long as this lives.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : value_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

// 32 bytes and its key for each picture: ImageNet's 1.3 million must fit beside the training.
struct Entry {
  TarPlace place = {};
  uint64_t key_end = 0;  // in the text of all keys; it begins where the one before ends
  uint32_t shard = 0;
  int label = -1;
};

class ShardSource : public Source {
 public:
  ShardSource(const std::vector<std::string>& paths, const ClassMap& classes) : paths_(paths) {
    for (size_t i = 0; i < paths_.size(); ++i) Index(static_cast<uint32_t>(i), classes);
    if (entries_.empty()) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}{}: no pictures, expected .jpg, .jpeg, .png or .webp files with "
                              "labels",
                              BaseName(paths_.at(0)), paths_.size() > 1 ? " and others" : ""));
    }
  }

  int64_t Size() const override { return static_cast<int64_t>(entries_.size()); }
  int LabelOf(int64_t index) const override { return entries_.at(index).label; }

  // Opens the shard every time: there may be more shards than a process may have open files.
  Sample Get(int64_t /*epoch*/, int64_t index) const override {
    const Entry& entry = entries_.at(index);
    const uint64_t key_begin = index == 0 ? 0 : entries_[index - 1].key_end;
    Sample sample{.key = keys_.substr(key_begin, entry.key_end - key_begin),
                  .labels = {entry.label}};
    sample.bytes.resize(entry.place.size);
    const Descriptor file(paths_[entry.shard]);
    if (file.value() < 0) Fail(sample.key, std::strerror(errno));
    for (int64_t done = 0; done < entry.place.size;) {
      const ssize_t got = pread(file.value(), sample.bytes.data() + done, entry.place.size - done,
                                entry.place.offset + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) Fail(sample.key, std::strerror(errno));
      if (got == 0) Fail(sample.key, "the shard has become shorter since it was opened");
      done += got;
    }
    return sample;
  }

 private:
  [[noreturn]] static void Fail(const std::string& key, const std::string& what) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", key, what));
  }

  void Index(uint32_t shard, const ClassMap& classes) {
    ShardReader reader(TarReader(paths_[shard]), classes);
    struct stat status;
    const int64_t file_size = stat(paths_[shard].c_str(), &status) == 0 ? status.st_size : 0;
    Entry entry{.shard = shard};
    while (std::optional<Sample> sample = reader.NextPlace(entry.place)) {
      if (entry.place.offset > file_size || entry.place.size > file_size - entry.place.offset) {
        throw Error(ErrorCode::kInvalidFile,
                    fmt::format("{}: ends too early: {} bytes at {} of a shard of {} bytes",
                                sample->key, entry.place.size, entry.place.offset, file_size));
      }
      keys_ += sample->key;
      entry.key_end = keys_.size();
      entry.label = sample->labels.front();
      entries_.push_back(entry);
    }
  }

  const std::vector<std::string> paths_;
  std::vector<Entry> entries_;
  std::string keys_;
};

}  // namespace

std::unique_ptr<Source> OpenShardSource(const std::vector<std::string>& paths,
                                        const ClassMap& classes) {
  return std::make_unique<ShardSource>(paths, classes);
}

}  // namespace mnv4::data
