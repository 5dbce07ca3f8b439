#include <gmock/gmock.h>

#include <vector>

#include "mnv4/io/npy.h"
#include "mnv4/mnv4.h"
#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

class RunVerb : public ProgramTest {
 protected:
  // n pictures of 3 x h x w.
  std::vector<float> WriteInput(const std::string& name, int n, int h, int w) const {
    std::vector<float> values(static_cast<size_t>(n) * 3 * static_cast<size_t>(h * w));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 37) / 18 - 1;
    WriteNpy(Path(name), MakeTensor({n, 3, h, w}, values));
    return values;
  }
};

TEST_F(RunVerb, WritesTheLogitsTheLibraryGives) {
  const std::vector<float> input = WriteInput("x.npy", 2, 45, 70);
  const Outcome outcome = Run("mnv4 run -m conv_small_035 --input x.npy -o y.npy");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("random weights"));

  Session session(Model::Load("conv_small_035"));
  const std::span<const float> logits = session.Run(input, 2, 45, 70);
  const Tensor y = ReadNpy(Path("y.npy"));
  EXPECT_EQ(y.type, (TensorType{DType::kF32, {2, 1000}}));
  EXPECT_EQ(ToFloats(y), std::vector<float>(logits.begin(), logits.end()));
}

TEST_F(RunVerb, GivesTheSameLogitsFromItsPackedCache) {
  WriteInput("x.npy", 1, 64, 64);
  const std::string run = "MNV4_HOME=$PWD/home mnv4 run -m conv_small_035 -q --input x.npy -o ";
  EXPECT_EQ(Run(run + "expected.npy").code, 0);
  EXPECT_NE(Run("ls home").code, 0);
  for (const char* start : {"writes", "reads"}) {
    const Outcome outcome = Run(run + "y.npy --packed-cache && cmp y.npy expected.npy");
    EXPECT_EQ(outcome.code, 0) << start;
    EXPECT_EQ(outcome.err, "") << start;
    EXPECT_EQ(Run("test $(ls home/packed | wc -l) = 1").code, 0) << start;
  }
}

TEST_F(RunVerb, SaysWhyItHasNoPackedCache) {
  WriteInput("x.npy", 1, 64, 64);
  WriteText("home", "a file, not a folder");
  const Outcome outcome =
      Run("MNV4_HOME=home mnv4 run -m conv_small_035 --input x.npy -o y.npy --packed-cache");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("note: --packed-cache: "));
}

TEST_F(RunVerb, WritesFeaturesBesideTheLogits) {
  WriteInput("x.npy", 1, 64, 96);
  const Outcome outcome =
      Run("mnv4 run -m conv_small_035 -q --input x.npy -o y.npy --features C2,C5,pre_logits");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(ReadNpy(Path("y.C2.npy")).type.shape, (Shape{1, 16, 16, 24}));
  EXPECT_EQ(ReadNpy(Path("y.C5.npy")).type.shape, (Shape{1, 336, 2, 3}));
  EXPECT_EQ(ReadNpy(Path("y.pre_logits.npy")).type.shape, (Shape{1, 1280}));
}

TEST_F(RunVerb, RefusesOtherShapesAndUnknownFeatures) {
  WriteNpy(Path("flat.npy"), MakeTensor({4}, {1, 2, 3, 4}));
  const Outcome shape = Run("mnv4 run -m conv_small_035 -q --input flat.npy -o y.npy");
  EXPECT_EQ(shape.code, 3);
  EXPECT_THAT(shape.err, HasSubstr("shape [4], expected [n, 3, h, w]"));

  WriteInput("x.npy", 1, 32, 32);
  const Outcome feature = Run("mnv4 run -m conv_small_035 -q --input x.npy -o y.npy --features C7");
  EXPECT_EQ(feature.code, 2);
  EXPECT_THAT(feature.err, HasSubstr("C7"));
  EXPECT_NE(Run("ls y.*").code, 0);
}

TEST_F(RunVerb, TakesWhatPreprocessWrites) {
  WritePicture("p.png", 1);
  EXPECT_EQ(Run("mnv4 preprocess -m conv_small_035 p.png -o x.npy").code, 0);
  EXPECT_EQ(ReadNpy(Path("x.npy")).type, (TensorType{DType::kF32, {1, 3, 224, 224}}));
  EXPECT_EQ(Run("mnv4 run -m conv_small_035 -q --input x.npy -o y.npy").code, 0);
}

TEST_F(RunVerb, PreprocessWritesPixelsOfTheSizeAskedFor) {
  WritePicture("p.png", 1);
  const Outcome outcome =
      Run("mnv4 preprocess -m conv_small p.png -o x.npy --uint8 --img-size 32 --crop-pct 1");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Tensor pixels = ReadNpy(Path("x.npy"));
  EXPECT_EQ(pixels.type, (TensorType{DType::kU8, {32, 32, 3}}));
  EXPECT_EQ(std::to_integer<int>(pixels.bytes[0]), 90);  // the colour above
}

}  // namespace
}  // namespace mnv4
