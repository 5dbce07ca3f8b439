#include "mnv4/io/safetensors.h"

#include <gmock/gmock.h>

#include "mnv4/io/testing.h"

namespace mnv4 {
namespace {

using test::Bytes;
using test::Golden;
using test::MessageOf;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// A file of this header and `data_size` zeros; `claimed_size` of the header if it is to lie.
std::string File(const std::string& header, size_t data_size = 0, uint64_t claimed_size = 0) {
  const uint64_t size = claimed_size != 0 ? claimed_size : header.size();
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(size >> (8 * i));
  return file + header + std::string(data_size, '\0');
}

std::string OneTensor(const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
  return R"({"bn1.bias":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}}";
}

std::string ErrorOf(const std::string& file) {
  return MessageOf([&] { ParseSafeTensors(Bytes(file), "m.safetensors", nullptr); });
}

TEST(ReadSafeTensors, ReadsWhatPythonWrote) {
  const SafeTensors file = ReadSafeTensors(Golden("io/mixed.safetensors"));
  EXPECT_THAT(file.metadata, ElementsAre(Pair("format", "pt")));
  ASSERT_EQ(file.tensors.size(), 6u);
  const Tensor& conv = file.tensors.at("conv.weight");
  EXPECT_EQ(conv.type, (TensorType{DType::kF32, {2, 2, 2, 1}}));
  EXPECT_THAT(ToFloats(conv), ElementsAre(0, .125f, .25f, .375f, .5f, .625f, .75f, .875f));
  EXPECT_THAT(ToFloats(file.tensors.at("bn.running_mean")), ElementsAre(1.5f, -2));
  EXPECT_THAT(ToFloats(file.tensors.at("a.bf16")), ElementsAre(1, 2, 3));
  EXPECT_EQ(file.tensors.at("bn.num_batches_tracked").type, (TensorType{DType::kI64, {}}));
  EXPECT_EQ(file.tensors.at("empty").type, (TensorType{DType::kF32, {0, 4}}));
  EXPECT_EQ(file.tensors.at("z.u8").bytes.size(), 3u);
}

TEST(ReadSafeTensors, TensorsKeepTheMappingAlive) {
  Tensor conv = ReadSafeTensors(Golden("io/mixed.safetensors")).tensors.at("conv.weight");
  EXPECT_EQ(ToFloats(conv)[7], .875f);
}

TEST(WriteSafeTensors, WritesTheBytesOfPython) {
  TempFolder folder;
  WriteSafeTensors(folder / "m", ReadSafeTensors(Golden("io/mixed.safetensors")));
  EXPECT_EQ(ReadTextFile(folder / "m", 10'000),
            ReadTextFile(Golden("io/mixed.safetensors"), 10'000));
}

TEST(WriteSafeTensors, MayReplaceTheFileItReadsFrom) {
  TempFolder folder;
  WriteSafeTensors(folder / "m", {{{"a", MakeTensor({2}, {1, 2})}}, {}});
  SafeTensors file = ReadSafeTensors(folder / "m");
  file.tensors["b"] = MakeTensor({3}, {3, 4, 5});
  WriteSafeTensors(folder / "m", file);
  EXPECT_THAT(ToFloats(ReadSafeTensors(folder / "m").tensors.at("a")), ElementsAre(1, 2));
}

TEST(WriteSafeTensors, WritesAnEmptyFile) {
  TempFolder folder;
  WriteSafeTensors(folder / "m", {});
  EXPECT_TRUE(ReadSafeTensors(folder / "m").tensors.empty());
}

TEST(ReadSafeTensors, RefusesWhatIsNoFile) {
  TempFolder folder;
  EXPECT_THAT(MessageOf([&] { ReadSafeTensors(folder.path()); }), HasSubstr("is a directory"));
  EXPECT_THAT(MessageOf([&] { ReadSafeTensors(folder.Put("m", "")); }), HasSubstr("m: is empty"));
}

TEST(ParseSafeTensors, RefusesHostileFiles) {
  const std::string good = OneTensor("F32", "[2]", "[0,8]");
  ASSERT_EQ(ErrorOf(File(good, 8)), "");
  ASSERT_EQ(ErrorOf(File(good + "    ", 8)), "");  // padding
  const std::string a = R"("a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]})";
  const auto second = [&](const char* offsets, int size) {
    return "{" + a + R"(,"b":{"dtype":"U8","shape":[)" + std::to_string(size) +
           R"(],"data_offsets":)" + offsets + "}}";
  };
  const std::pair<std::string, std::string> cases[] = {
      // length of the header
      {"1234567", "7 bytes, too short"},
      {File("", 0, 8), "a header of 8 bytes in a file of 8"},
      {File(good, 8, 1000), "a header of 1000 bytes in a file of"},
      {File(good, 8, 100'000'001), "a header of 100000001 bytes, at most 100000000"},
      {File(good, 8, UINT64_MAX), "a header of 18446744073709551615 bytes, at most"},
      {File(good, 8, UINT64_MAX - 7), "at most 100000000"},
      {std::string("PK\x03\x04zipped, a .bin"), "not a safetensors file?"},
      // JSON
      {std::string(8, '\0'), "does not begin with '{'"},
      {File(" " + good, 8), "does not begin with '{'"},
      {File("[]"), "does not begin with '{'"},
      {File("{\"\xff\":1}"), "header: line 1, column 3: invalid string: ill-formed UTF-8"},
      {File("{" + a + "," + a + "}", 8), "header: the key 'a' is there twice"},
      {File(good + "x", 8), "header: line 1"},
      {File(good + std::string(3, '\0'), 8), "a zero byte"},
      {File(R"({"a":NaN})"), "header: a: line 1, column 6: invalid literal"},
      {File("{\"a\":" + std::string(1000, '[')), "nested deeper than 64"},
      {File(R"({"a":[]})"), "tensor a: an array, expected an object"},
      {File(R"({"a":{}})"), "tensor a: no 'dtype'"},
      {File(R"({"__metadata__":[]})"), "__metadata__: an array, expected an object"},
      {File(R"({"__metadata__":{"format":1}})"), "__metadata__: format: 1, expected a string"},
      // types and shapes
      {File(OneTensor("F8_E4M3", "[2]", "[0,2]"), 2), "dtype: 'F8_E4M3', expected F64, F32"},
      {File(OneTensor("f32", "[2]", "[0,8]"), 8), "tensor bn1.bias: dtype: 'f32'"},
      {File(OneTensor("F32", "2", "[0,8]"), 8), "shape: 2, expected an array"},
      {File(OneTensor("F32", "[-2]", "[0,8]"), 8), "shape[0]: -2, expected an integer"},
      {File(OneTensor("F32", "[2.0]", "[0,8]"), 8), "shape[0]: 2.0, expected an integer"},
      {File(OneTensor("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", "[0,8]"), 8),
       "17 dimensions, at most 16"},
      {File(OneTensor("F32", "[3]", "[0,8]"), 8),
       "m.safetensors: tensor bn1.bias: 8 bytes for F32 [3], expected 12"},
      {File(OneTensor("F32", "[4611686018427387904]", "[0,0]")), "expected fewer than 2^64"},
      {File(OneTensor("F32", "[4294967296,4294967296]", "[0,0]")), "expected fewer than 2^64"},
      {File(OneTensor("I8", "[9223372036854775807]", "[0,8]"), 8), "expected 9223372036854775807"},
      // extents
      {File(OneTensor("F32", "[2]", "[0]"), 8), "data_offsets: 1 numbers, expected 2"},
      {File(OneTensor("F32", "[2]", "[8,0]"), 8), "[8, 0], expected a range within the 8 bytes"},
      {File(OneTensor("F32", "[2]", "[-8,0]"), 8), "data_offsets[0]: -8, expected"},
      {File(OneTensor("F32", "[4]", "[0,16]"), 8), "[0, 16], expected a range within the 8 bytes"},
      {File(OneTensor("F32", "[2]", "[18446744073709551608,0]"), 8), "is out of range"},
      {File(OneTensor("F32", "[2]", "[4,12]"), 12),
       "begins at byte 4 of the data, expected 0 (a gap"},
      {File(good, 9), "1 bytes after the last tensor"},
      {File("{}", 1), "1 bytes after the last tensor"},
      {File(second("[9,10]", 1), 10), "tensor b: begins at byte 9 of the data, expected 8 (a gap"},
      {File(second("[4,12]", 8), 12),
       "tensor b: begins at byte 4 of the data, expected 8 (it over"},
      {File(second("[0,8]", 8), 8), "begins at byte 0 of the data, expected 8 (it overlaps"},
      // names
      {File(R"({"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
       "a name of 0 bytes, expected 1 to 512"},
      {File(R"({"a\nb":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
       "tensor a\\nb: a control character in the name"},
      {File("{\"" + std::string(100'000, 'n') + "\":1}"), "nnn...: a name of 100000 bytes"},
  };
  for (const auto& [file, expected] : cases) {
    EXPECT_THAT(ErrorOf(file), HasSubstr(expected));
    EXPECT_THAT(ErrorOf(file), HasSubstr("m.safetensors: "));
  }
}

TEST(ParseSafeTensors, SurvivesDamage) {
  const std::string file = ReadTextFile(Golden("io/mixed.safetensors"), 10'000);
  const auto read = [](const std::string& damaged) {
    const SafeTensors read = ParseSafeTensors(Bytes(damaged), "m.safetensors", nullptr);
    for (const auto& [name, tensor] : read.tensors) {  // every byte of every tensor can be read
      int sum = 0;
      for (const std::byte byte : tensor.bytes) sum += std::to_integer<int>(byte);
      EXPECT_GE(sum, 0);
    }
  };
  test::ExpectErrorAtEveryTruncation(file, read);
  test::ExpectErrorOrSuccessOnMutations(file, 5'000, read);
}

}  // namespace
}  // namespace mnv4
