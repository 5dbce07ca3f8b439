#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/json.h"
#include "mnv4/io/safetensors.h"

namespace mnv4 {
namespace {

// The order of the safetensors library: its element types from last to first.
int Rank(DType dtype) {
  constexpr DType kOrder[] = {DType::kI64, DType::kF64, DType::kF32, DType::kI32, DType::kBF16,
                              DType::kF16, DType::kI16, DType::kI8,  DType::kU8,  DType::kBool};
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), dtype) - kOrder);
}

Json Describe(const Tensor& tensor, size_t offset) {
  Json::Array shape(tensor.type.shape.begin(), tensor.type.shape.end());
  Json entry;
  entry.Add("dtype", Name(tensor.type.dtype));
  entry.Add("shape", std::move(shape));
  entry.Add("data_offsets", Json::Array{offset, offset + tensor.bytes.size()});
  return entry;
}

}  // namespace

void WriteSafeTensors(const std::string& path, const SafeTensors& file) {
  std::vector<const TensorMap::value_type*> tensors;
  for (const auto& entry : file.tensors) tensors.push_back(&entry);
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto* a, const auto* b) {
    return Rank(a->second.type.dtype) < Rank(b->second.type.dtype);
  });

  Json header = Json::Object();
  if (!file.metadata.empty()) {
    Json metadata;
    for (const auto& [key, value] : file.metadata) metadata.Add(key, value);
    header.Add("__metadata__", std::move(metadata));
  }
  size_t offset = 0;
  for (const auto* entry : tensors) {
    const auto& [name, tensor] = *entry;
    MNV4_CHECK(tensor.bytes.size() ==
               SizeOf(tensor.type.dtype) * static_cast<size_t>(NumElements(tensor.type.shape)));
    header.Add(name, Describe(tensor, offset));
    offset += tensor.bytes.size();
  }
  std::string text = ToString(header);
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begins at a multiple of 8
  if (text.size() > kMaxSafeTensorsHeader) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: a header of {} bytes, at most {}", BaseName(path), text.size(),
                            kMaxSafeTensorsHeader));
  }

  AtomicFile out(path);
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i));
  out.Write(length);
  out.Write(text);
  for (const auto* entry : tensors) out.Write(entry->second.bytes);
  out.Commit();
}

}  // namespace mnv4
