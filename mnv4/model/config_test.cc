#include "mnv4/model/config.h"

#include <gmock/gmock.h>

#include "mnv4/io/json.h"
#include "mnv4/io/testing.h"
#include "mnv4/model/testing.h"

namespace mnv4::model {
namespace {

using mnv4::test::Golden;
using mnv4::test::MessageOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Model Parse(const std::string& text, const std::optional<NetworkSpec>& network = {}) {
  return ParseConfig(text, "config.json", network);
}

// A configuration in which only `fields` of pretrained_cfg are stated.
Model ParseCfg(const std::string& fields) {
  return Parse(R"({"architecture":"mobilenetv4_conv_small","pretrained_cfg":{)" + fields + "}}");
}

Model ParseArgs(const std::string& fields) {
  return Parse(R"({"architecture":"mobilenetv4_conv_small","model_args":{)" + fields +
               R"(},"pretrained_cfg":{}})");
}

std::string GoldenConfig(const std::string& name) {
  return ReadTextFile(Golden("model/" + name), kMaxConfigBytes);
}

TEST(ParseConfig, ReadsWhatTimmWrites) {
  const Model model = Parse(GoldenConfig("conv_small.json"));
  EXPECT_EQ(model.spec, FindArchitecture("mobilenetv4_conv_small"));
  EXPECT_EQ(model.preprocess, Preprocess{});
  EXPECT_EQ(model.tag, "e2400_r224_in1k");
  EXPECT_EQ(model.license, "apache-2.0");
  EXPECT_EQ(model.test_height, 256);
  EXPECT_EQ(model.test_width, 256);
  EXPECT_EQ(model.test_crop_pct, 0.95);
  EXPECT_TRUE(model.labels.empty());
}

TEST(PrintConfig, WritesTheBytesOfTimm) {
  for (const char* file : {"conv_small.json", "grey_7_classes.json", "same_padding.json",
                           "no_classifier.json", "labels.json"}) {
    const std::string text = GoldenConfig(file);
    EXPECT_EQ(PrintConfig(Parse(text), 2), text) << file;
  }
}

TEST(ParseConfig, ReadsTheFormWithoutPretrainedCfg) {
  const Model model = Parse(R"({"architecture": "mobilenetv4_conv_medium", "num_classes": 3,
      "num_features": 960, "input_size": [3, 256, 192], "crop_pct": 0.95, "mean": [0.5, 0.5, 0.5],
      "interpolation": "bilinear", "crop_mode": "squash", "labels": ["cat", "dog", "fox"]})");
  EXPECT_EQ(model.spec.num_classes, 3);
  EXPECT_EQ(model.preprocess.height, 256);
  EXPECT_EQ(model.preprocess.width, 192);
  EXPECT_EQ(model.preprocess.interpolation, Interpolation::kBilinear);
  EXPECT_EQ(model.preprocess.crop_mode, CropMode::kSquash);
  EXPECT_THAT(model.preprocess.mean, ElementsAre(0.5, 0.5, 0.5));
  EXPECT_THAT(model.labels, ElementsAre("cat", "dog", "fox"));
}

TEST(ParseConfig, TakesWhatIsAbsentOrNullFromTimmsDefaults) {
  const Model model = ParseCfg(R"("mean": null, "test_input_size": null, "tag": null)");
  EXPECT_EQ(model.spec.num_classes, 1000);
  EXPECT_EQ(model.preprocess, Preprocess{});
  EXPECT_EQ(model.test_height, 0);
  EXPECT_EQ(model.tag, "");
}

TEST(ParseConfig, NumClassesAtTheTopWins) {
  const Model model = Parse(R"({"architecture": "mobilenetv4_conv_small", "num_classes": 10,
      "pretrained_cfg": {"num_classes": 1000}})");
  EXPECT_EQ(model.spec.num_classes, 10);
  EXPECT_EQ(ParseCfg(R"("num_classes": 11821)").spec.num_classes, 11821);
}

TEST(ParseConfig, HonoursModelArgs) {
  const NetworkSpec spec = ParseArgs(R"("pad_type": "same", "bn_eps": 1e-3, "in_chans": 1,
      "num_classes": 5, "act_layer": "gelu", "drop_rate": 0.2, "bn_momentum": null)")
                               .spec;
  EXPECT_EQ(spec.pad, PadMode::kSame);
  EXPECT_EQ(spec.bn_eps, 1e-3);
  EXPECT_EQ(spec.in_chans, 1);
  EXPECT_EQ(spec.num_classes, 5);
  EXPECT_EQ(spec.activation, Activation::kGelu);
  EXPECT_EQ(ParseArgs(R"("pad_type": "", "output_stride": 16)").spec.output_stride, 16);
}

TEST(ParseConfig, FitsMeanAndStdToTheChannelsAsTimm) {
  const Model grey = ParseCfg(R"("input_size": [1, 64, 64], "mean": [0.5], "std": 0.25)");
  EXPECT_EQ(grey.preprocess.channels, 1);
  EXPECT_THAT(grey.preprocess.mean, ElementsAre(0.5));
  EXPECT_THAT(grey.preprocess.std, ElementsAre(0.25));
  EXPECT_THAT(ParseCfg(R"("mean": [0.5])").preprocess.mean, ElementsAre(0.5, 0.5, 0.5));
  const Model two = ParseCfg(R"("input_size": [2, 64, 64], "mean": [0.25, 0.5, 0.75])");
  EXPECT_THAT(two.preprocess.mean, ElementsAre(0.5, 0.5));
}

TEST(ParseConfig, ReadsLabels) {
  const Model list = Parse(R"({"architecture": "mobilenetv4_conv_small", "num_classes": 2,
      "label_names": ["n01", "n02"], "label_descriptions": {"n02": "dog, hound", "n99": "-"},
      "pretrained_cfg": {}})");
  EXPECT_THAT(list.labels, ElementsAre("n01", "dog, hound"));
  EXPECT_THAT(list.label_names, ElementsAre("n01", "n02"));
  const Model gaps = Parse(R"({"architecture": "mobilenetv4_conv_small", "num_classes": 5,
      "label_names": {"3": "owl", "0": "cat"}, "pretrained_cfg": {}})");
  EXPECT_THAT(gaps.labels, ElementsAre("cat", "1", "2", "owl"));
  EXPECT_THAT(gaps.label_names, ElementsAre("cat", "", "", "owl"));
}

TEST(ParseConfig, PassesOverWhatOthersWrite) {
  const Model model = Parse(R"({"architecture": "mobilenetv4_conv_small",
      "architectures": ["TimmWrapperForImageClassification"], "model_type": "timm_wrapper",
      "transformers_version": "4.48.0", "torch_dtype": "float32", "do_pooling": true,
      "pretrained_cfg": {"url": "", "hf_hub_id": "timm/x", "pool_size": [7, 7], "notes": ["a"]}})");
  EXPECT_EQ(model.spec.name, "mobilenetv4_conv_small");
}

TEST(ParseConfig, NetworkTextDecidesAndMustAgree) {
  const NetworkSpec tiny = test::TinySpec();
  const Model own = Parse(R"({"architecture": "something_else", "num_classes": 4})", tiny);
  EXPECT_EQ(own.spec, tiny);
  EXPECT_EQ(Parse("{}", tiny).spec, tiny);

  NetworkSpec zoo = *FindArchitecture("mobilenetv4_conv_small");
  zoo.num_classes = 7;
  zoo.pad = PadMode::kSame;
  const std::string agreeing = R"({"architecture": "mobilenetv4_conv_small",
      "model_args": {"pad_type": "same"}})";
  EXPECT_EQ(Parse(agreeing, zoo).spec, zoo);

  const auto error = [&](const std::string& text, const NetworkSpec& network) {
    return MessageOf([&] { Parse(text, network); });
  };
  EXPECT_THAT(error(R"({"num_classes": 5})", tiny),
              ::testing::AllOf(HasSubstr("config.json: the network is 'network tiny"),
                               HasSubstr("classes=5"), HasSubstr("classes=4")));
  EXPECT_THAT(error(R"({"architecture": "mobilenetv4_conv_small"})", zoo), HasSubstr("pad=same"));
  zoo.stages[2].pop_back();
  EXPECT_THAT(error(agreeing, zoo), HasSubstr("but the network text has 'stage'"));
}

TEST(ParseConfig, RefusesWithPathFoundAndWanted) {
  const auto cfg = [](const std::string& fields) {
    return R"({"architecture":"mobilenetv4_conv_small","pretrained_cfg":{)" + fields + "}}";
  };
  const auto args = [](const std::string& fields) {
    return R"({"architecture":"mobilenetv4_conv_small","model_args":{)" + fields + "}}";
  };
  const auto top = [](const std::string& fields) {
    return R"({"architecture":"mobilenetv4_conv_small",)" + fields + "}";
  };
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "an array, expected an object"},
      {"{}", "no 'architecture'"},
      {R"({"architecture": 3})", "architecture: 3, expected a string"},
      {R"({"architecture": "mobilenetv4_conv_smal"})",
       "architecture: unknown 'mobilenetv4_conv_smal', the nearest known is "
       "'mobilenetv4_conv_small'"},
      {R"({"architecture": "resnet\u001b50"})", "unknown 'resnet\\x1b50'"},
      {R"({"architecture": ")" + std::string(1'000'000, 'x') + "\"}", "unknown 'xxx"},
      {top(R"("num_clases": 3)"), "num_clases: unknown key, the nearest known is 'num_classes'"},
      {top(R"("num_classes": -1)"), "num_classes: -1, expected an integer from 0 to 1048576"},
      {top(R"("num_classes": 1e9)"), "num_classes: 1000000000.0, expected an integer"},
      {top(R"("num_classes": "10")"), "num_classes: '10', expected an integer"},
      {top(R"("global_pool": "max")"), "global_pool: 'max', expected 'avg'"},
      {top(R"("pretrained_cfg": 3)"), "pretrained_cfg: 3, expected an object"},
      {top(R"("label_names": 3)"), "label_names: 3, expected an array"},
      {top(R"("label_names": ["a", 3])"), "label_names[1]: 3, expected a string"},
      {top(R"("label_names": {"x": "cat"})"), "label_names.x: expected the number of a class"},
      {top(R"("label_names": {"-1": "cat"})"), "label_names.-1: expected the number"},
      {top(R"("label_names": {"99999999": "cat"})"), "label_names.99999999: expected"},
      {top(R"("label_names": ["a"], "label_descriptions": ["b"])"), "label_descriptions: an array"},
      {args(R"("bn_epsilon": 1e-3)"),
       "model_args.bn_epsilon: unknown key, the nearest known is 'bn_eps'"},
      {args(R"("bn_eps": -1e-3)"), "model_args.bn_eps: -0.001, expected a number from 0 to 1"},
      {args(R"("pad_type": "valid")"), "model_args.pad_type: 'valid', expected 'same' or ''"},
      {args(R"("act_layer": "silu")"), "model_args.act_layer: 'silu', expected relu,"},
      {args(R"("output_stride": 12)"), "model_args.output_stride: expected 8, 16, 32"},
      {args(R"("global_pool": "")"), "model_args.global_pool: '', expected 'avg'"},
      {args(R"("in_chans": 0)"), "model_args.in_chans: 0, expected an integer from 1 to 1024"},
      {R"({"architecture":"mobilenetv4_conv_small","num_classes":3,"model_args":{"num_classes":4}})",
       "model_args.num_classes: 4, but num_classes is 3"},
      {cfg(R"("input_sise": [3, 8, 8])"),
       "pretrained_cfg.input_sise: unknown key, the nearest known is 'input_size'"},
      {cfg(R"("input_size": [224, 224])"), "pretrained_cfg.input_size: 2 numbers, expected 3"},
      {cfg(R"("input_size": [3, -224, 224])"), "pretrained_cfg.input_size[1]: -224, expected"},
      {cfg(R"("input_size": [3, 224, 0])"), "pretrained_cfg.input_size[2]: 0, expected"},
      {cfg(R"("input_size": [3, 224, 100000])"),
       "input_size[2]: 100000, expected an integer from "
       "1 to 8192"},
      {cfg(R"("input_size": [3, 224.5, 224])"), "input_size[1]: 224.5, expected an integer"},
      {cfg(R"("test_input_size": [3, 0, 0])"), "pretrained_cfg.test_input_size[1]: 0"},
      {cfg(R"("crop_pct": 0)"), "pretrained_cfg.crop_pct: 0, expected a number from 0.1 to 2"},
      {cfg(R"("crop_pct": 1e-300)"), "pretrained_cfg.crop_pct: 1e-300"},
      {cfg(R"("crop_mode": "middle")"), "crop_mode: 'middle', expected center, squash or border"},
      {cfg(R"("interpolation": "random")"), "interpolation: 'random', expected bicubic,"},
      {cfg(R"("mean": [])"), "pretrained_cfg.mean: no numbers"},
      {cfg(R"("mean": [0.5, NaN, 0.5])"), "pretrained_cfg.mean[1]: line 1, column"},
      {cfg(R"("mean": [0.5, -Infinity])"), "pretrained_cfg.mean[1]: line 1, column"},
      {cfg(R"("mean": [1e999])"), "pretrained_cfg.mean[0]: line 1"},
      {cfg(R"("mean": [1e300])"), "pretrained_cfg.mean[0]: 1e+300, expected a number"},
      {cfg(R"("std": [0.2, 0, 0.2])"), "pretrained_cfg.std[1]: 0, expected a number from 1e-06"},
      {cfg(R"("std": 0.0)"), "pretrained_cfg.std: 0.0, expected a number"},
      {cfg(R"("std": [-0.2])"), "pretrained_cfg.std[0]: -0.2"},
      {cfg(R"("std": ["0.2"])"), "pretrained_cfg.std[0]: '0.2', expected a number"},
      {cfg(R"("tag": "a\nb")"), "pretrained_cfg.tag: a control character"},
      {cfg(R"("label_offset": 1)"), "pretrained_cfg.label_offset: 1, expected an integer from 0"},
      {cfg(R"("std": 1, "std": 0)"), "pretrained_cfg: the key 'std' is there twice"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string& config = text;
    const std::string message = MessageOf([&config] { Parse(config); });
    EXPECT_THAT(message, HasSubstr(expected)) << text.substr(0, 200);
    EXPECT_THAT(message, HasSubstr("config.json: "));
  }
}

TEST(ParseConfig, SurvivesDamage) {
  const std::string text = GoldenConfig("labels.json");
  mnv4::test::ExpectErrorAtEveryTruncation(text, [](const std::string& t) { Parse(t); });
  mnv4::test::ExpectErrorOrSuccessOnMutations(text, 3'000, [](const std::string& t) {
    const Model model = Parse(t);
    EXPECT_EQ(PrintConfig(Parse(PrintConfig(model, -1)), -1), PrintConfig(model, -1)) << t;
  });
}

TEST(ConfigNames, TellsZooNetworksFromOthers) {
  NetworkSpec spec = *FindArchitecture("mobilenetv4_hybrid_medium_075");
  EXPECT_TRUE(ConfigNames(spec));
  spec.num_classes = 3;
  spec.pad = PadMode::kSame;
  EXPECT_TRUE(ConfigNames(spec));
  spec.stem += 8;
  EXPECT_FALSE(ConfigNames(spec));
  EXPECT_FALSE(ConfigNames(test::TinySpec()));
}

TEST(DefaultConfig, IsThePublishedPreprocessing) {
  for (const PretrainedTag& tag : PretrainedTags()) {
    const Model model = DefaultConfig(*FindArchitecture(tag.architecture), &tag);
    EXPECT_EQ(PrintConfig(Parse(PrintConfig(model, 2)), 2), PrintConfig(model, 2)) << tag.tag;
    EXPECT_EQ(model.spec.num_classes, tag.num_classes);
    EXPECT_EQ(model.preprocess.height, tag.size);
  }
}

}  // namespace
}  // namespace mnv4::model
