#include <gmock/gmock.h>

#include <string>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::Not;

using List = ProgramTest;
using Info = ProgramTest;

TEST_F(List, HasEveryPublishedTag) {
  const Json tags = RunJson("mnv4 list --json");
  const auto* array = tags.As<Json::Array>();
  ASSERT_NE(array, nullptr);
  EXPECT_EQ(array->size(), 52u);
  for (const Json& tag : *array) {
    for (const char* key : {"name", "architecture", "tag", "size", "crop_pct", "classes", "params",
                            "macs", "top1", "on_hub"}) {
      EXPECT_NE(tag.Find(key), nullptr) << key;
    }
  }
}

TEST_F(List, FiltersByPattern) {
  const Outcome outcome = Run("mnv4 list '*hybrid_large*'");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("mobilenetv4_hybrid_large.ix_e600_r384_in1k"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("conv_small")));
  EXPECT_EQ(Run("mnv4 list nonsense").code, 2);
}

TEST_F(Info, CountsParametersAndMacsExactly) {
  struct Case {
    const char* options;
    int64_t params, macs;
  };
  for (const Case& c : {Case{"conv_small", 3774024, 186005568},
                        Case{"hybrid_medium --img-size 256", 11074648, 1229240320 + 41943040},
                        Case{"conv_large --img-size 448", 32590864, 8677838848},
                        Case{"mobilenetv3_small_100", 2542856, 56510400}}) {
    const Json info = RunJson(std::string("mnv4 info --json -m ") + c.options);
    EXPECT_EQ(Member(info, "params"), Json(c.params)) << c.options;
    EXPECT_EQ(Member(info, "macs"), Json(c.macs)) << c.options;
  }
}

TEST_F(Info, HasATableOfLayersThatAddsUp) {
  const Json info = RunJson("mnv4 info -m hybrid_medium --json --layers");
  const auto* layers = Member(info, "layers").As<Json::Array>();
  ASSERT_NE(layers, nullptr);
  int64_t params = 0, macs = 0;
  for (const Json& layer : *layers) {
    params += *Member(layer, "params").As<int64_t>();
    macs += *Member(layer, "macs").As<int64_t>();
  }
  EXPECT_EQ(Json(params), Member(info, "params"));
  EXPECT_EQ(Json(macs), Member(info, "macs"));
}

TEST_F(Info, ShowsThePlanThatRuns) {
  const Outcome text = Run("mnv4 info -m conv_small --plan");
  EXPECT_THAT(text.out, HasSubstr("conv 3x3 s2 3->32"));
  EXPECT_THAT(text.out, HasSubstr("arena at"));

  const Json info = RunJson("mnv4 info -m conv_small --plan --json");
  const Json& plan = Member(info, "plan");
  int64_t macs = 0, packed = 0;
  for (const Json& step : *Member(plan, "steps").As<Json::Array>()) {
    macs += *Member(step, "macs").As<int64_t>();
    packed += *Member(step, "packed_bytes").As<int64_t>();
  }
  EXPECT_EQ(Json(macs), Member(info, "macs"));
  EXPECT_EQ(Json(packed), Member(plan, "packed_bytes"));
}

TEST_F(Info, PrintsTheNetworkAsTextThatItReadsBack) {
  const Outcome text = Run("mnv4 info -m conv_small --text");
  EXPECT_THAT(text.out, HasSubstr("network mobilenetv4_conv_small"));
  WriteText("net.txt", text.out);
  EXPECT_EQ(Run("mnv4 info -m net.txt --text").out, text.out);
  EXPECT_EQ(Member(RunJson("mnv4 info -m net.txt --json"), "params"), Json(3774024));
}

TEST_F(Info, DescribesAModelFile) {
  WriteModel();
  const Outcome outcome = Run("mnv4 info -m small.safetensors");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("MACs"));
  EXPECT_THAT(outcome.out, HasSubstr("FLOPs"));
  EXPECT_THAT(outcome.out, HasSubstr("10 labels"));
}

}  // namespace
}  // namespace mnv4
