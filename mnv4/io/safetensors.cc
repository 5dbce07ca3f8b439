#include "mnv4/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/json_cursor.h"
#include "mnv4/io/mapped_file.h"
#include "mnv4/io/printable.h"

namespace mnv4 {
namespace {

// Enough for any tensor, and short in a message.
constexpr size_t kMaxRank = 16;   // dimensions
constexpr size_t kMaxName = 512;  // bytes

// Where a tensor lies: bytes [begin, end) of the data after the header.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
  const std::string* name = nullptr;
};

std::optional<DType> ParseDType(std::string_view name) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI8,
                            DType::kU8, DType::kI16, DType::kI32, DType::kI64, DType::kBool}) {
    if (name == Name(dtype)) return dtype;
  }
  return std::nullopt;
}

TensorType ReadType(const JsonCursor& entry) {
  const JsonCursor dtype = entry.At("dtype");
  const auto known = ParseDType(dtype.String());
  if (!known) {
    dtype.Fail(fmt::format("'{}', expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL",
                           Printable(dtype.String(), 60)));
  }
  TensorType type{*known, {}};
  const JsonCursor shape = entry.At("shape");
  const std::vector<JsonCursor> dimensions = shape.Elements();
  if (dimensions.size() > kMaxRank) {
    shape.Fail(fmt::format("{} dimensions, at most {}", dimensions.size(), kMaxRank));
  }
  for (const JsonCursor& dimension : dimensions) {
    type.shape.push_back(dimension.Integer(0, INT64_MAX));
  }
  return type;
}

// Bytes of a tensor of this type; nullopt if they do not fit 64 bits.
std::optional<uint64_t> BytesOf(const TensorType& type) {
  uint64_t bytes = SizeOf(type.dtype);
  for (const int64_t dimension : type.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes))
      return std::nullopt;
  }
  return bytes;
}

Extent ReadExtent(const JsonCursor& entry, const TensorType& type, size_t data_size) {
  const JsonCursor offsets = entry.At("data_offsets");
  const std::vector<JsonCursor> pair = offsets.Elements();
  if (pair.size() != 2) offsets.Fail(fmt::format("{} numbers, expected 2", pair.size()));
  const int64_t begin = pair[0].Integer(0, INT64_MAX);
  const int64_t end = pair[1].Integer(0, INT64_MAX);
  if (begin > end || static_cast<uint64_t>(end) > data_size) {
    offsets.Fail(fmt::format("[{}, {}], expected a range within the {} bytes of data", begin, end,
                             data_size));
  }
  const auto wanted = BytesOf(type);
  if (!wanted || *wanted != static_cast<uint64_t>(end - begin)) {
    entry.Fail(fmt::format("{} bytes for {} {}, expected {}", end - begin, Name(type.dtype),
                           ToString(type.shape),
                           wanted ? std::to_string(*wanted) : "fewer than 2^64"));
  }
  return {static_cast<uint64_t>(begin), static_cast<uint64_t>(end), nullptr};
}

// The tensors must tile the data: no byte twice, none unused.
void CheckTiling(std::vector<Extent> extents, size_t data_size, const std::string& file) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: tensor {}: begins at byte {} of the data, expected {} ({})",
                              file, Printable(*extent.name), extent.begin, covered,
                              extent.begin < covered ? "it overlaps another" : "a gap before it"));
    }
    covered = extent.end;
  }
  if (covered != data_size) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: {} bytes after the last tensor, expected none", file,
                            data_size - covered));
  }
}

}  // namespace

SafeTensors ParseSafeTensors(std::span<const std::byte> bytes, const std::string& name,
                             std::shared_ptr<const void> owner) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalidFile, name + ": " + what);
  };
  if (bytes.size() < 8) fail(fmt::format("{} bytes, too short for safetensors", bytes.size()));
  uint64_t header_size = 0;
  for (size_t i = 0; i < 8; ++i) header_size |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
  if (header_size > kMaxSafeTensorsHeader) {
    fail(fmt::format("a header of {} bytes, at most {} (not a safetensors file?)", header_size,
                     kMaxSafeTensorsHeader));
  }
  if (header_size > bytes.size() - 8) {
    fail(fmt::format("a header of {} bytes in a file of {}", header_size, bytes.size()));
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, header_size);
  if (!header.starts_with('{')) fail("the header does not begin with '{'");
  const Json json = ParseJson(header, name + ": header");
  const std::span<const std::byte> data = bytes.subspan(8 + header_size);

  SafeTensors file;
  std::vector<Extent> extents;
  for (const JsonMember& member : JsonCursor(json, name + ": header").Members()) {
    if (member.key == "__metadata__") {
      const JsonCursor metadata(member.value, name + ": __metadata__");
      for (const JsonMember& entry : metadata.Members()) {
        file.metadata[entry.key] = metadata.Of(entry).String();
      }
      continue;
    }
    const JsonCursor entry(member.value, name + ": tensor " + Printable(member.key));
    if (member.key.empty() || member.key.size() > kMaxName) {
      entry.Fail(fmt::format("a name of {} bytes, expected 1 to {}", member.key.size(), kMaxName));
    }
    if (HasControlCharacter(member.key)) entry.Fail("a control character in the name");
    TensorType type = ReadType(entry);
    Extent extent = ReadExtent(entry, type, data.size());
    const auto [it, is_new] = file.tensors.emplace(
        member.key,
        Tensor{std::move(type), data.subspan(extent.begin, extent.end - extent.begin), owner});
    extent.name = &it->first;
    extents.push_back(extent);
  }
  CheckTiling(std::move(extents), data.size(), name);
  return file;
}

SafeTensors ReadSafeTensors(const std::string& path) {
  const auto file = MappedFile::Open(path);
  return ParseSafeTensors(file->bytes(), BaseName(path), file);
}

}  // namespace mnv4
