#include "mnv4/data/source.h"

#include <numeric>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/data/dataset.h"
#include "mnv4/data/random.h"
#include "mnv4/data/shard_source.h"

namespace mnv4::data {
namespace {

class ListSource : public Source {
 public:
  explicit ListSource(std::vector<Sample> samples) : samples_(std::move(samples)) {}

  int64_t Size() const override { return static_cast<int64_t>(samples_.size()); }
  int LabelOf(int64_t index) const override {
    const std::vector<int>& labels = samples_.at(index).labels;
    return labels.empty() ? -1 : labels.front();
  }
  Sample Get(int64_t /*epoch*/, int64_t index) const override { return samples_.at(index); }

 private:
  const std::vector<Sample> samples_;
};

std::unique_ptr<Source> Drained(const std::unique_ptr<Dataset>& dataset) {
  std::vector<Sample> samples;
  samples.reserve(dataset->Size());
  while (std::optional<Sample> sample = dataset->Next()) samples.push_back(std::move(*sample));
  return SourceOf(std::move(samples));
}

}  // namespace

std::unique_ptr<Source> SourceOf(std::vector<Sample> samples) {
  return std::make_unique<ListSource>(std::move(samples));
}

std::unique_ptr<Source> OpenSource(const std::vector<std::string>& operands,
                                   const ClassMap& classes) {
  const Operands parsed = ParseOperands(operands);
  if (!parsed.folder.empty()) return Drained(OpenImageFolder(parsed.folder, classes));
  if (!parsed.manifest.empty()) return Drained(OpenManifest(parsed.manifest, classes));
  return OpenShardSource(parsed.shards, classes);
}

std::vector<int64_t> ShuffledOrder(uint64_t seed, int64_t epoch, int64_t size) {
  MNV4_CHECK(size >= 0 && size <= UINT32_MAX);
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  Random random(seed, Use::kShuffle, epoch, 0);
  for (int64_t i = size - 1; i > 0; --i) {
    std::swap(order[i], order[random.Below(static_cast<uint32_t>(i + 1))]);
  }
  return order;
}

}  // namespace mnv4::data
