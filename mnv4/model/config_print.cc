#include "mnv4/io/json.h"
#include "mnv4/model/config.h"
#include "mnv4/model/labels.h"

namespace mnv4::model {
namespace {

// The zoo's network of that name; empty if there is none.
NetworkSpec ZooSpec(const std::string& name) {
  return FindArchitecture(name).value_or(NetworkSpec{});
}

// What tells `spec` from the zoo's network of its name, as arguments of timm's constructor.
Json ModelArgs(const NetworkSpec& spec) {
  const NetworkSpec zoo = ZooSpec(spec.name);
  Json args;
  if (spec.pad != zoo.pad) args.Add("pad_type", spec.pad == PadMode::kSame ? "same" : "");
  if (spec.bn_eps != zoo.bn_eps) args.Add("bn_eps", spec.bn_eps);
  if (spec.activation != zoo.activation) args.Add("act_layer", Name(spec.activation));
  // timm refuses this one rather than run the network without dilation.
  if (spec.output_stride != zoo.output_stride) args.Add("output_stride", spec.output_stride);
  args.Add("in_chans", spec.in_chans);
  args.Add("num_classes", spec.num_classes);
  args.Add("global_pool", "avg");
  return args;
}

Json PretrainedCfg(const Model& model) {
  const Preprocess& preprocess = model.preprocess;
  const auto size = [&](int height, int width) {
    return Json::Array{preprocess.channels, height, width};
  };
  const auto cells = [](int side) { return (side + 31) / 32; };
  Json cfg;
  if (!model.tag.empty()) cfg.Add("tag", model.tag);
  cfg.Add("custom_load", false);
  cfg.Add("input_size", size(preprocess.height, preprocess.width));
  if (model.test_height > 0) {
    cfg.Add("test_input_size", size(model.test_height, model.test_width));
  }
  cfg.Add("fixed_input_size", false);
  cfg.Add("interpolation", Name(preprocess.interpolation));
  cfg.Add("crop_pct", preprocess.crop_pct);
  if (model.test_crop_pct > 0) cfg.Add("test_crop_pct", model.test_crop_pct);
  cfg.Add("crop_mode", Name(preprocess.crop_mode));
  cfg.Add("mean", Json::Array(preprocess.mean.begin(), preprocess.mean.end()));
  cfg.Add("std", Json::Array(preprocess.std.begin(), preprocess.std.end()));
  cfg.Add("num_classes", model.spec.num_classes);
  cfg.Add("pool_size", Json::Array{cells(preprocess.height), cells(preprocess.width)});
  cfg.Add("first_conv", "conv_stem");
  cfg.Add("classifier", "classifier");
  if (!model.license.empty()) cfg.Add("license", model.license);
  return cfg;
}

}  // namespace

bool ConfigNames(const NetworkSpec& spec) {
  NetworkSpec named = ZooSpec(spec.name);
  named.name = spec.name;  // it may lack the family's prefix
  named.in_chans = spec.in_chans;
  named.num_classes = spec.num_classes;
  named.pad = spec.pad;
  named.bn_eps = spec.bn_eps;
  named.activation = spec.activation;
  named.output_stride = spec.output_stride;
  return named == spec;
}

std::string PrintConfig(const Model& model, int indent) {
  Json config;
  config.Add("architecture", model.spec.name);
  config.Add("num_classes", model.spec.num_classes);
  config.Add("num_features", MapChannels(model.spec));
  config.Add("global_pool", "avg");
  PrintLabels(model, config);
  config.Add("model_args", ModelArgs(model.spec));
  config.Add("pretrained_cfg", PretrainedCfg(model));
  return ToString(config, indent);
}

}  // namespace mnv4::model
