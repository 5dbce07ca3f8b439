#include <filesystem>
#include <optional>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/model/config.h"
#include "mnv4/model/model.h"

namespace mnv4::model {
namespace {

namespace fs = std::filesystem;

// The weights as timm's strict loading wants them: with a step count beside every running mean.
TensorMap WithStepCounts(TensorMap weights) {
  static constexpr int64_t kNone = 0;
  const Tensor zero{{DType::kI64, {}}, std::as_bytes(std::span(&kNone, 1)), nullptr};
  constexpr std::string_view kMean = ".running_mean";
  std::vector<std::string> counts;
  for (const auto& [name, tensor] : weights) {
    if (name.ends_with(kMean)) {
      counts.push_back(name.substr(0, name.size() - kMean.size()) + ".num_batches_tracked");
    }
  }
  for (const std::string& count : counts) weights.emplace(count, zero);
  return weights;
}

}  // namespace

void SaveFolder(const Model& model, const std::string& folder) {
  std::error_code error;
  const bool created = fs::create_directories(folder, error);
  if (error) {
    throw Error(ErrorCode::kRuntime, BaseName(folder) + ": cannot make it: " + error.message());
  }
  try {
    // Small files are complete before the large one takes its name, and the folder with it.
    AtomicFile config((fs::path(folder) / "config.json").string());
    config.Write(PrintConfig(model, 2));
    std::optional<AtomicFile> network;
    if (!ConfigNames(model.spec)) {
      network.emplace((fs::path(folder) / "network.txt").string());
      network->Write(Print(model.spec));
    }
    WriteSafeTensors((fs::path(folder) / "model.safetensors").string(),
                     {WithStepCounts(model.weights), {{"format", "pt"}}});
    if (network) {
      network->Commit();
    } else {
      fs::remove(fs::path(folder) / "network.txt", error);  // of what was here before
    }
    config.Commit();
  } catch (const Error&) {
    if (created) fs::remove(folder, error);  // only if it is empty
    throw;
  }
}

void SaveFile(const Model& model, const std::string& path) {
  WriteSafeTensors(
      path,
      {WithStepCounts(model.weights),
       {{"format", "pt"}, {"config", PrintConfig(model, -1)}, {"network", Print(model.spec)}}});
}

}  // namespace mnv4::model
