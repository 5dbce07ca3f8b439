#include "mnv4/graph/bind.h"

#include <fmt/format.h>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

constexpr size_t kMaxListed = 10;

bool IsFloating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 ||
         dtype == DType::kF64;
}

// PyTorch's count of training steps, kept beside every batch norm and not used here.
bool IsBatchCount(std::string_view name, const TensorMap& wanted) {
  constexpr std::string_view kSuffix = "num_batches_tracked";
  if (!name.ends_with(kSuffix)) return false;
  name.remove_suffix(kSuffix.size());
  return wanted.contains(std::string(name) + "running_mean");
}

}  // namespace

Graph Bind(Graph graph, const TensorMap& file) {
  TensorMap wanted;  // types without bytes
  for (const Node& node : graph.nodes) {
    if (const auto* parameter = std::get_if<Parameter>(&node.op)) {
      wanted[parameter->name].type = node.type;
    }
  }

  std::vector<std::string> problems;
  graph.weights.clear();
  for (const auto& [name, expected] : wanted) {
    const auto found = file.find(name);
    if (found == file.end()) {
      problems.push_back(fmt::format("{} {} is missing", name, ToString(expected.type.shape)));
      continue;
    }
    const TensorType& type = found->second.type;
    if (type.shape != expected.type.shape) {
      problems.push_back(fmt::format("{} is {}, expected {}", name, ToString(type.shape),
                                     ToString(expected.type.shape)));
    } else if (!IsFloating(type.dtype)) {
      problems.push_back(fmt::format("{} is {}, expected floats", name, Name(type.dtype)));
    } else {
      graph.weights.emplace(name, found->second);
    }
  }
  for (const auto& [name, tensor] : file) {
    if (wanted.contains(name) || IsBatchCount(name, wanted)) continue;
    problems.push_back(fmt::format("{} {} is not part of it", name, ToString(tensor.type.shape)));
  }
  if (problems.empty()) return graph;

  std::string message = fmt::format("the tensors do not fit {}: ", graph.name);
  for (size_t i = 0; i < problems.size() && i < kMaxListed; ++i) {
    if (i > 0) message += "; ";
    message += problems[i];
  }
  if (problems.size() > kMaxListed) {
    message += fmt::format("; and {} more", problems.size() - kMaxListed);
  }
  throw Error(ErrorCode::kInvalidFile, message);
}

}  // namespace mnv4
