#pragma once
/// NumPy's .npy files: one array, as numpy.save writes it and numpy.load reads it.

#include <memory>
#include <span>
#include <string>

#include "mnv4/base/tensor.h"

namespace mnv4 {

/// Reads versions 1, 2 and 3 of the format by mapping the file: little-endian floats of 16, 32 and
/// 64 bits, integers of 8 to 64, uint8 and bool, in C order. Throws Error(kInvalidFile) naming the
/// file, what it has and what was wanted, for anything else, missing data and trailing bytes.
Tensor ReadNpy(const std::string& path);
/// The same from memory, which `owner` keeps alive (null: the caller does). `name` is for errors.
Tensor ParseNpy(std::span<const std::byte> bytes, const std::string& name,
                std::shared_ptr<const void> owner);
/// What stands before the values of such a tensor in the file `name`, which is for errors.
std::string NpyHeader(const TensorType& type, const std::string& name);
/// Writes the bytes that numpy.save writes, beside `path` and renamed. Any element type but BF16,
/// which NumPy lacks: Error(kInvalidArgument).
void WriteNpy(const std::string& path, const Tensor& tensor);

}  // namespace mnv4
