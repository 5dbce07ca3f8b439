#pragma once
/// The safetensors container: read as hostile input, written as others read it.

#include <map>
#include <memory>
#include <span>
#include <string>

#include "mnv4/base/tensor.h"

namespace mnv4 {

struct SafeTensors {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;  ///< of the header's "__metadata__"
};

inline constexpr size_t kMaxSafeTensorsHeader = 100'000'000;  ///< bytes, as everywhere

/// Reads a file by mapping it; the tensors share the mapping. Throws Error(kInvalidFile) naming the
/// file's base name, the tensor or JSON path, what it has and what was wanted:
/// "model.safetensors: tensor bn1.bias: 96 bytes for F32 [32], expected 128". Names of tensors that
/// come out hold no control characters.
SafeTensors ReadSafeTensors(const std::string& path);
/// The same from memory, which `owner` keeps alive (null: the caller does). `name` is for errors.
SafeTensors ParseSafeTensors(std::span<const std::byte> bytes, const std::string& name,
                             std::shared_ptr<const void> owner);
/// Writes beside `path` and renames. The layout is that of the safetensors library, byte for byte:
/// wide element types first, then by name, so that every tensor is aligned to its element.
void WriteSafeTensors(const std::string& path, const SafeTensors& file);

}  // namespace mnv4
