#include "mnv4/model/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/model/config_fields.h"
#include "mnv4/model/labels.h"

namespace mnv4::model {
namespace {

// Keys of the top level: what is read here, what timm writes beside it, and what Hugging Face's
// Transformers adds when it has loaded and saved the folder.
constexpr const char* kTopKeys[] = {
    "architecture",  "num_classes",          "num_features", "global_pool",
    "label_names",   "label_descriptions",   "model_args",   "pretrained_cfg",
    "_name_or_path", "architectures",        "do_pooling",   "dtype",
    "id2label",      "initializer_range",    "label2id",     "library_name",
    "model_type",    "problem_type",         "return_dict",  "tags",
    "torch_dtype",   "transformers_version", "use_cache"};

// timm's PretrainedCfg, and what earlier versions of it had.
constexpr const char* kCfgKeys[] = {"architecture",
                                    "classifier",
                                    "crop_mode",
                                    "crop_pct",
                                    "custom_load",
                                    "description",
                                    "file",
                                    "first_conv",
                                    "fixed_input_size",
                                    "global_pool",
                                    "hf_hub_filename",
                                    "hf_hub_id",
                                    "input_size",
                                    "interpolation",
                                    "label_descriptions",
                                    "label_names",
                                    "label_offset",
                                    "labels",
                                    "license",
                                    "mean",
                                    "min_input_size",
                                    "notes",
                                    "num_classes",
                                    "num_features",
                                    "origin_url",
                                    "paper_ids",
                                    "paper_name",
                                    "pool_size",
                                    "source",
                                    "state_dict",
                                    "std",
                                    "tag",
                                    "test_crop_pct",
                                    "test_input_size",
                                    "test_pool_size",
                                    "url"};

// Arguments of timm's constructor that a MobileNet can have been made with. The last three
// matter to training only.
constexpr const char* kArgKeys[] = {"in_chans",  "num_classes",   "global_pool",   "pad_type",
                                    "bn_eps",    "act_layer",     "output_stride", "bn_momentum",
                                    "drop_rate", "drop_path_rate"};

void RefuseUnknownKeys(const JsonCursor& object, std::span<const char* const> known) {
  for (const JsonMember& member : object.Members()) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    object.Of(member).Fail(fmt::format("unknown key, the nearest known is '{}'",
                                       NearestName(member.key.substr(0, 64), known)));
  }
}

// One line of text, such as a tag: it will be printed.
std::string ReadLine(const std::optional<JsonCursor>& text) {
  if (!text) return "";
  if (HasControlCharacter(text->String())) text->Fail("a control character");
  return text->String();
}

std::optional<int> ReadInteger(const std::optional<JsonCursor>& value, int lowest, int highest) {
  if (!value) return std::nullopt;
  return static_cast<int>(value->Integer(lowest, highest));
}

std::optional<Activation> ParseActivation(std::string_view name) {
  for (const Activation activation : {Activation::kRelu, Activation::kRelu6, Activation::kGelu,
                                      Activation::kHardSwish, Activation::kHardSigmoid}) {
    if (name == Name(activation)) return activation;
  }
  return std::nullopt;
}

void RefuseOtherPooling(const std::optional<JsonCursor>& global_pool) {
  if (global_pool && global_pool->String() != "avg") {
    global_pool->Fail(fmt::format("'{}', expected 'avg'", Printable(global_pool->String(), 40)));
  }
}

void ApplyModelArgs(const JsonCursor& args, NetworkSpec& spec) {
  RefuseUnknownKeys(args, kArgKeys);
  RefuseOtherPooling(args.Find("global_pool"));
  if (const auto pad = args.Find("pad_type")) {
    const bool same = pad->String() == "same";
    if (!same && !pad->String().empty()) {
      pad->Fail(fmt::format("'{}', expected 'same' or ''", Printable(pad->String(), 40)));
    }
    spec.pad = same ? PadMode::kSame : PadMode::kSymmetric;
  }
  if (const auto eps = args.Find("bn_eps")) spec.bn_eps = eps->Number(0, 1);
  if (const auto act = args.Find("act_layer")) {
    spec.activation =
        ReadChoice(*act, ParseActivation, "relu, relu6, gelu, hard_swish or hard_sigmoid");
  }
  if (const auto stride = args.Find("output_stride")) {
    spec.output_stride = static_cast<int>(stride->Integer(8, 32));
    if (spec.output_stride % 8 != 0 || spec.output_stride == 24) stride->Fail("expected 8, 16, 32");
  }
}

// The spec `architecture` names, or `network` where it is none of the zoo.
NetworkSpec ReadArchitecture(const JsonCursor& root, const std::optional<NetworkSpec>& network) {
  const auto architecture = root.Find("architecture");
  if (!architecture && network) return *network;
  const JsonCursor name = root.At("architecture");
  std::optional<NetworkSpec> spec = FindArchitecture(name.String());
  if (!spec && network) return *network;
  if (!spec) {
    name.Fail(fmt::format("unknown '{}', the nearest known is '{}'", Printable(name.String(), 60),
                          NearestArchitecture(name.String())));
  }
  if (network) {  // what a configuration may leave open
    spec->num_classes = network->num_classes;
    spec->in_chans = network->in_chans;
  }
  return *std::move(spec);
}

// The first line in which two networks differ.
std::string Difference(const NetworkSpec& a, const NetworkSpec& b) {
  const std::string text_a = Print(a);
  const std::string text_b = Print(b);
  const auto [at_a, at_b] =
      std::mismatch(text_a.begin(), text_a.end(), text_b.begin(), text_b.end());
  const auto line_at = [](const std::string& text, std::string::const_iterator at) {
    const auto offset = static_cast<size_t>(at - text.begin());
    const size_t before = offset == 0 ? text.npos : text.rfind('\n', offset - 1);
    const size_t begin = before == text.npos ? 0 : before + 1;
    return Printable(text.substr(begin, text.find('\n', begin) - begin), 200);
  };
  return fmt::format("'{}', but the network text has '{}'", line_at(text_a, at_a),
                     line_at(text_b, at_b));
}

NetworkSpec ReadSpec(const JsonCursor& root, const JsonCursor& cfg,
                     const std::optional<NetworkSpec>& network) {
  NetworkSpec spec = ReadArchitecture(root, network);
  // At the top it wins over the one inside, as in timm.
  const auto outer_classes = root.Find("num_classes");
  const auto num_classes =
      ReadInteger(outer_classes ? outer_classes : cfg.Find("num_classes"), 0, kMaxClasses);
  spec.num_classes = num_classes.value_or(spec.num_classes);
  if (const auto size = cfg.Find("input_size")) spec.in_chans = ReadInputSize(*size).channels;
  RefuseOtherPooling(root.Find("global_pool"));
  if (const auto args = root.Find("model_args")) {
    ApplyModelArgs(*args, spec);
    spec.in_chans = ReadInteger(args->Find("in_chans"), 1, kMaxInChans).value_or(spec.in_chans);
    if (const auto classes = ReadInteger(args->Find("num_classes"), 0, kMaxClasses)) {
      if (num_classes && *classes != *num_classes) {
        args->At("num_classes")
            .Fail(fmt::format("{}, but num_classes is {}", *classes, *num_classes));
      }
      spec.num_classes = *classes;
    }
  }
  if (network) {
    const std::string name = std::exchange(spec.name, network->name);
    if (spec != *network) root.Fail("the network is " + Difference(spec, *network));
    spec.name = name;
  }
  return spec;
}

}  // namespace

Model ParseConfig(std::string_view text, const std::string& name,
                  const std::optional<NetworkSpec>& network) {
  const Json json = ParseJson(text, name);
  const JsonCursor root(json, name);
  const auto nested = root.Find("pretrained_cfg");
  const JsonCursor& cfg = nested ? *nested : root;

  std::vector<const char*> outer_keys(std::begin(kTopKeys), std::end(kTopKeys));
  if (nested) {
    RefuseUnknownKeys(*nested, kCfgKeys);
  } else {
    outer_keys.insert(outer_keys.end(), std::begin(kCfgKeys), std::end(kCfgKeys));
  }
  RefuseUnknownKeys(root, outer_keys);

  Model model;
  model.spec = ReadSpec(root, cfg, network);
  ReadPreprocess(cfg, model);
  if (const auto offset = cfg.Find("label_offset")) offset->Integer(0, 0);
  const auto either = [&](const char* key) {
    const auto outer = root.Find(key);
    return outer ? outer : cfg.Find(key);
  };
  const auto label_names = either("label_names");
  ReadLabels(label_names ? label_names : either("labels"), either("label_descriptions"), model);
  model.tag = ReadLine(cfg.Find("tag"));
  model.license = ReadLine(cfg.Find("license"));
  return model;
}

Model DefaultConfig(NetworkSpec spec, const PretrainedTag* tag) {
  Model model;
  model.spec = std::move(spec);
  Preprocess& preprocess = model.preprocess;
  preprocess.channels = model.spec.in_chans;
  preprocess.mean = FitChannels(preprocess.mean, preprocess.channels);
  preprocess.std = FitChannels(preprocess.std, preprocess.channels);
  if (tag == nullptr) return model;
  model.tag = tag->tag;
  model.spec.num_classes = tag->num_classes;
  preprocess.height = preprocess.width = tag->size;
  preprocess.crop_pct = tag->crop_pct;
  if (tag->bilinear) preprocess.interpolation = Interpolation::kBilinear;
  if (tag->mean_std == MeanStd::kHalf) preprocess.mean = preprocess.std = {0.5, 0.5, 0.5};
  if (tag->mean_std == MeanStd::kZero) {
    preprocess.mean = {0, 0, 0};
    preprocess.std = {1, 1, 1};
  }
  model.test_height = model.test_width = tag->test_size;
  model.test_crop_pct = tag->test_crop_pct;
  model.license = "apache-2.0";
  return model;
}

}  // namespace mnv4::model
