#include "mnv4/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/data/webdataset.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;

class List : public Dataset {
 public:
  explicit List(std::vector<Sample> samples) : samples_(std::move(samples)) {}

  std::optional<Sample> Next() override {
    if (next_ == samples_.size()) return std::nullopt;
    return std::move(samples_[next_++]);
  }
  int64_t Size() const override { return static_cast<int64_t>(samples_.size()); }

 private:
  std::vector<Sample> samples_;
  size_t next_ = 0;
};

bool IsFolder(const std::vector<std::string>& operands) {
  std::error_code ignored;
  return operands.size() == 1 && std::filesystem::is_directory(operands[0], ignored);
}

bool IsManifest(const std::vector<std::string>& operands) {
  return operands.size() == 1 && operands[0].ends_with(".csv");
}

}  // namespace

std::vector<std::byte> ReadBytes(const Sample& sample) {
  return sample.path.empty() ? sample.bytes : ReadFile(sample.path, kMaxPictureBytes);
}

std::unique_ptr<Dataset> ListOf(std::vector<Sample> samples) {
  return std::make_unique<List>(std::move(samples));
}

std::unique_ptr<Dataset> OpenDataset(const std::vector<std::string>& operands,
                                     const ClassMap& classes) {
  if (IsFolder(operands)) return OpenImageFolder(operands[0], classes);
  if (IsManifest(operands)) return OpenManifest(operands[0], classes);
  std::vector<std::string> shards;
  for (const std::string& operand : operands) {
    if (!IsShardName(operand)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: expected one folder of class folders, one .csv file, or .tar, "
                              ".tar.gz, .tgz, .tar.zst shards",
                              Printable(operand)));
    }
    for (std::string& path : ExpandBraces(operand)) shards.push_back(std::move(path));
  }
  return OpenShards(std::move(shards), classes);
}

ClassMap ClassesIn(const std::vector<std::string>& operands) {
  if (IsManifest(operands)) return ManifestClasses(operands[0]);
  if (!IsFolder(operands)) return ClassMap(kMostClasses);
  const std::vector<std::string> names = ClassFolders(operands[0]);
  ClassMap classes(static_cast<int>(names.size()));
  classes.AddNames(names);
  return classes;
}

}  // namespace mnv4::data
