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

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

std::vector<std::byte> ReadBytes(const Sample& sample) {
  return sample.path.empty() ? sample.bytes : ReadFile(sample.path, kMaxPictureBytes);
}

std::unique_ptr<Dataset> ListOf(std::vector<Sample> samples) {
  return std::make_unique<List>(std::move(samples));
}

Operands ParseOperands(const std::vector<std::string>& operands) {
  if (operands.size() == 1 && IsFolder(operands[0])) return {.folder = operands[0]};
  if (operands.size() == 1 && operands[0].ends_with(".csv")) return {.manifest = operands[0]};
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
  return {.shards = std::move(shards)};
}

std::unique_ptr<Dataset> OpenDataset(const std::vector<std::string>& operands,
                                     const ClassMap& classes) {
  Operands parsed = ParseOperands(operands);
  if (!parsed.folder.empty()) return OpenImageFolder(parsed.folder, classes);
  if (!parsed.manifest.empty()) return OpenManifest(parsed.manifest, classes);
  return OpenShards(std::move(parsed.shards), classes);
}

ClassMap ClassesIn(const std::vector<std::string>& operands) {
  const Operands parsed = ParseOperands(operands);
  if (!parsed.manifest.empty()) return ManifestClasses(parsed.manifest);
  if (parsed.folder.empty()) return ClassMap(kMostClasses);
  const std::vector<std::string> names = ClassFolders(parsed.folder);
  ClassMap classes(static_cast<int>(names.size()));
  classes.AddNames(names);
  return classes;
}

}  // namespace mnv4::data
