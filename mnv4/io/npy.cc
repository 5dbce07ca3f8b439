#include "mnv4/io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/mapped_file.h"
#include "mnv4/io/printable.h"

namespace mnv4 {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = 65536;  // bytes; NumPy itself stops at 10,000
constexpr size_t kMaxRank = 32;       // dimensions, NumPy's own limit

struct Descr {
  DType dtype;
  std::string_view text;
};
constexpr Descr kDescrs[] = {{DType::kF32, "<f4"}, {DType::kF16, "<f2"}, {DType::kF64, "<f8"},
                             {DType::kU8, "|u1"},  {DType::kI8, "|i1"},  {DType::kI16, "<i2"},
                             {DType::kI32, "<i4"}, {DType::kI64, "<i8"}, {DType::kBool, "|b1"}};

// Reads the header, a Python dictionary such as
//   {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 224, 224), }
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  TensorType Read() {
    std::optional<DType> dtype;
    std::optional<Shape> shape;
    bool order_known = false;
    Expect('{');
    while (!Accept('}')) {
      const std::string_view key = String();
      Expect(':');
      if (key == "descr" && !dtype) {
        dtype = ReadDescr();
      } else if (key == "fortran_order" && !order_known) {
        ReadOrder();
        order_known = true;
      } else if (key == "shape" && !shape) {
        shape = ReadShape();
      } else {
        Fail(fmt::format("the key '{}', expected descr, fortran_order and shape once each",
                         Printable(key, 40)));
      }
      if (!Accept(',') && !Peek('}')) Fail("no ',' between two keys");
    }
    SkipSpace();
    if (!rest_.empty()) Fail("text after the dictionary");
    if (!dtype || !order_known || !shape) Fail("one of descr, fortran_order, shape is missing");
    return {*dtype, std::move(*shape)};
  }

 private:
  DType ReadDescr() {
    const std::string_view text = String();
    for (const Descr& descr : kDescrs) {
      if (text == descr.text) return descr.dtype;
    }
    Fail(
        fmt::format("descr '{}', expected little-endian <f4, <f2, <f8, |u1, |i1, <i2, <i4, <i8 "
                    "or |b1",
                    Printable(text, 40)));
  }

  void ReadOrder() {
    if (AcceptWord("False")) return;
    if (AcceptWord("True")) {
      Fail("fortran_order True, expected C order (save numpy.ascontiguousarray(x) instead)");
    }
    Fail("fortran_order is neither True nor False");
  }

  Shape ReadShape() {
    Shape shape;
    Expect('(');
    while (!Accept(')')) {
      SkipSpace();
      int64_t dimension = 0;
      const auto [end, error] =
          std::from_chars(rest_.data(), rest_.data() + rest_.size(), dimension);
      if (error != std::errc() || dimension < 0) Fail("a dimension that is no count");
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      shape.push_back(dimension);
      if (shape.size() > kMaxRank) Fail(fmt::format("more than {} dimensions", kMaxRank));
      if (!Accept(',') && !Peek(')')) Fail("no ',' between two dimensions");
    }
    return shape;
  }

  std::string_view String() {
    SkipSpace();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    const size_t end =
        quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) Fail("something else where a string belongs");
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void SkipSpace() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
  }
  bool Peek(char c) {
    SkipSpace();
    return rest_.starts_with(c);
  }
  bool Accept(char c) {
    if (!Peek(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool AcceptWord(std::string_view word) {
    SkipSpace();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void Expect(char c) {
    if (!Accept(c)) Fail(fmt::format("no '{}'", c));
  }
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(ErrorCode::kInvalidFile, fmt::format("{}: .npy header: {}", name_, what));
  }

  std::string_view rest_;
  const std::string& name_;
};

}  // namespace

Tensor ParseNpy(std::span<const std::byte> bytes, const std::string& name,
                std::shared_ptr<const void> owner) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalidFile, name + ": " + what);
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) fail("does not begin as an .npy file");
  const auto byte = [&](size_t i) { return std::to_integer<size_t>(bytes[i]); };
  const int version = bytes.size() > 6 ? std::to_integer<int>(bytes[6]) : 0;
  if (version < 1 || version > 3) fail(fmt::format("version {} of .npy, expected 1 to 3", version));
  const size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) fail("ends before its header");
  size_t header_size = byte(8) | byte(9) << 8;
  if (version > 1) header_size |= byte(10) << 16 | byte(11) << 24;
  if (header_size > kMaxHeader) {
    fail(fmt::format("a header of {} bytes, at most {}", header_size, kMaxHeader));
  }
  if (header_size > bytes.size() - start) fail("ends within its header");
  TensorType type = HeaderReader(text.substr(start, header_size), name).Read();

  const std::span<const std::byte> data = bytes.subspan(start + header_size);
  size_t wanted = SizeOf(type.dtype);
  bool fits = true;
  for (const int64_t dimension : type.shape) {
    fits &= !__builtin_mul_overflow(wanted, static_cast<size_t>(dimension), &wanted);
  }
  if (!fits || data.size() != wanted) {
    fail(fmt::format("{} bytes for {} {}, expected {}", data.size(), Name(type.dtype),
                     ToString(type.shape), fits ? std::to_string(wanted) : "fewer than 2^64"));
  }
  return {std::move(type), data, std::move(owner)};
}

Tensor ReadNpy(const std::string& path) {
  const auto file = MappedFile::Open(path);
  return ParseNpy(file->bytes(), BaseName(path), file);
}

std::string NpyHeader(const TensorType& type, const std::string& name) {
  std::string_view descr;
  for (const Descr& known : kDescrs) {
    if (known.dtype == type.dtype) descr = known.text;
  }
  if (descr.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: .npy has no {}", name, Name(type.dtype)));
  }
  const std::string dimensions = fmt::format("{}", fmt::join(type.shape, ", "));
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   descr, dimensions, type.shape.size() == 1 ? "," : "");
  // NumPy leaves room for the first dimension to grow to 21 digits, then pads with spaces to a
  // multiple of 64 that ends in a line feed.
  if (!type.shape.empty()) header.append(21 - std::to_string(type.shape[0]).size(), ' ');
  header.append(64 - (11 + header.size()) % 64, ' ');
  header += '\n';

  std::string start(kMagic);
  start += '\x01';
  start += '\0';
  start += static_cast<char>(header.size() & 0xFF);
  start += static_cast<char>(header.size() >> 8);
  return start + header;
}

void WriteNpy(const std::string& path, const Tensor& tensor) {
  MNV4_CHECK(tensor.bytes.size() ==
             SizeOf(tensor.type.dtype) * static_cast<size_t>(NumElements(tensor.type.shape)));
  const std::string header = NpyHeader(tensor.type, BaseName(path));
  AtomicFile out(path);
  out.Write(header);
  out.Write(tensor.bytes);
  out.Commit();
}

}  // namespace mnv4
