#include "mnv4/io/npy.h"

#include <gmock/gmock.h>

#include <cstring>

#include "mnv4/io/testing.h"

namespace mnv4 {
namespace {

using test::Bytes;
using test::Golden;
using test::MessageOf;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string NumpyFile(const std::string& name) { return ReadTextFile(Golden("io/" + name), 1000); }

std::string ErrorOf(const std::string& file) {
  return MessageOf([&] { ParseNpy(Bytes(file), "x.npy", nullptr); });
}

// A version 1 file with this header and `data_size` zeros.
std::string WithHeader(const std::string& header, size_t data_size = 0) {
  std::string file("\x93NUMPY\x01\0", 8);
  file += static_cast<char>(header.size() & 0xFF);
  file += static_cast<char>(header.size() >> 8);
  return file + header + std::string(data_size, '\0');
}

TEST(ReadNpy, ReadsWhatNumpyWrote) {
  const Tensor floats = ReadNpy(Golden("io/f4_2x3x2.npy"));
  EXPECT_EQ(floats.type, (TensorType{DType::kF32, {2, 3, 2}}));
  EXPECT_EQ(ToFloats(floats)[11], 2.75f);
  const Tensor scalar = ReadNpy(Golden("io/f2_scalar.npy"));
  EXPECT_EQ(scalar.type, (TensorType{DType::kF16, {}}));
  EXPECT_THAT(ToFloats(scalar), ElementsAre(1.5f));
  EXPECT_EQ(ReadNpy(Golden("io/u1_5.npy")).type, (TensorType{DType::kU8, {5}}));
  for (const char* file : {"io/i8_3_v2.npy", "io/i8_3_v3.npy"}) {
    const Tensor integers = ReadNpy(Golden(file));
    EXPECT_EQ(integers.type, (TensorType{DType::kI64, {3}}));
    int64_t values[3];
    std::memcpy(values, integers.bytes.data(), sizeof(values));
    EXPECT_THAT(values, ElementsAre(-1, 0, int64_t{1} << 40));
  }
}

TEST(WriteNpy, WritesTheBytesOfNumpy) {
  TempFolder folder;
  for (const char* file : {"f4_2x3x2.npy", "u1_5.npy", "f2_scalar.npy"}) {
    WriteNpy(folder / file, ReadNpy(Golden(std::string("io/") + file)));
    EXPECT_EQ(ReadTextFile(folder / file, 1000), NumpyFile(file)) << file;
  }
  const Tensor bf16{{DType::kBF16, {0}}, {}, nullptr};
  EXPECT_THAT(MessageOf([&] { WriteNpy(folder / "b.npy", bf16); }, ErrorCode::kInvalidArgument),
              HasSubstr("b.npy: .npy has no BF16"));
}

TEST(ParseNpy, RefusesWhatItCannotRead) {
  const auto dictionary = [](const std::string& descr, const std::string& order,
                             const std::string& shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", "does not begin"},
      {"PK\x03\x04", "does not begin"},
      {std::string("\x93NUMPY\x04\x00\x02\x00{}", 12), "version 4 of .npy, expected 1 to 3"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14), "a header of 4294967295 bytes"},
      {std::string("\x93NUMPY\x01\x00\xff\x7f{}", 12), "ends within its header"},
      {NumpyFile("f4_fortran.npy"), "fortran_order True, expected C order"},
      {WithHeader(dictionary("<f4", "False", "(2, 3)"), 20),
       "20 bytes for F32 [2, 3], expected 24"},
      {WithHeader(dictionary("<f4", "False", "(2, 3)"), 28),
       "28 bytes for F32 [2, 3], expected 24"},
      {WithHeader(dictionary(">f4", "False", "(1,)"), 4), "descr '>f4', expected little-endian"},
      {WithHeader(dictionary("|O", "False", "(1,)"), 8), "descr '|O'"},
      {WithHeader(dictionary("<f4", "False", "(-1,)")), "a dimension that is no count"},
      {WithHeader(dictionary("<f4", "False", "(99999999999999999999,)")), "no count"},
      {WithHeader(dictionary("<f4", "False", "(4611686018427387904, 4)")), "fewer than 2^64"},
      {WithHeader(dictionary("<f4", "Maybe", "(1,)")), "neither True nor False"},
      {WithHeader("{'descr': '<f4', 'shape': (1,)}"), "is missing"},
      {WithHeader("{'descr': '<f4', 'descr': '<f4'}"), "the key 'descr'"},
      {WithHeader("{'descr': [('a', '<f4')]}"), "where a string belongs"},
      {WithHeader("{'x\ny': 1}"), "the key 'x\\ny'"},
      {WithHeader(dictionary("<f4", "False", "(0,)") + "x"), "text after the dictionary"},
      {WithHeader(dictionary("<f4", "False", "(" + std::string(99, '1') + ")")), "no count"},
  };
  for (const auto& [file, expected] : cases) {
    EXPECT_THAT(ErrorOf(file), HasSubstr(expected));
    EXPECT_THAT(ErrorOf(file), HasSubstr("x.npy: "));
  }
}

TEST(ParseNpy, SurvivesDamage) {
  const auto read = [](const std::string& file) { ParseNpy(Bytes(file), "x.npy", nullptr); };
  for (const char* file : {"f4_2x3x2.npy", "i8_3_v3.npy"}) {
    test::ExpectErrorAtEveryTruncation(NumpyFile(file), read);
    test::ExpectErrorOrSuccessOnMutations(NumpyFile(file), 5'000, read);
  }
}

}  // namespace
}  // namespace mnv4
