#include "mnv4/model/adapt.h"

#include <fmt/format.h>

#include <cstring>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/model/config.h"

namespace mnv4::model {
namespace {

// `values` as a tensor of another floating type.
Tensor Narrow(DType dtype, Shape shape, std::vector<float> values) {
  if (dtype == DType::kF32) return MakeTensor(std::move(shape), std::move(values));
  const auto fill = [&](auto convert) -> Tensor {
    using Stored = decltype(convert(0.0f));
    auto owner = std::make_shared<std::vector<Stored>>();
    for (const float value : values) owner->push_back(convert(value));
    return {{dtype, std::move(shape)}, std::as_bytes(std::span(*owner)), owner};
  };
  switch (dtype) {
    case DType::kF16:
      return fill(FloatToHalf);
    case DType::kBF16:
      return fill(FloatToBFloat16);
    default:
      MNV4_CHECK(dtype == DType::kF64);
      return fill([](float value) { return double{value}; });
  }
}

// Weights [out, from, h, w] for `to` input channels.
Tensor AdaptInputChannels(const Tensor& weights, int to) {
  Shape shape = weights.type.shape;
  const size_t from = static_cast<size_t>(shape[1]);
  const size_t taps = static_cast<size_t>(shape[2] * shape[3]);
  const std::vector<float> old = ToFloats(weights);
  shape[1] = to;
  std::vector<float> adapted(static_cast<size_t>(NumElements(shape)));
  const float factor = static_cast<float>(static_cast<double>(from) / to);
  for (size_t out = 0; out < static_cast<size_t>(shape[0]); ++out) {
    const float* source = &old[out * from * taps];
    float* target = &adapted[out * static_cast<size_t>(to) * taps];
    for (size_t tap = 0; tap < taps; ++tap) {
      if (to == 1) {
        for (size_t c = 0; c < from; ++c) target[tap] += source[c * taps + tap];
        continue;
      }
      for (size_t c = 0; c < static_cast<size_t>(to); ++c) {
        target[c * taps + tap] = source[c % from * taps + tap] * factor;
      }
    }
  }
  return Narrow(weights.type.dtype, std::move(shape), std::move(adapted));
}

void SetClasses(int num_classes, Model& model) {
  if (num_classes == model.spec.num_classes) return;
  const bool has_weights = !model.weights.empty();
  model.spec.num_classes = num_classes;
  model.labels.clear();
  model.label_names.clear();
  model.weights.erase("classifier.weight");
  model.weights.erase("classifier.bias");
  if (!has_weights || num_classes == 0) return;
  const auto zeros = [](Shape shape) {
    const auto count = static_cast<size_t>(NumElements(shape));
    return MakeTensor(std::move(shape), std::vector<float>(count));
  };
  model.weights["classifier.weight"] = zeros({num_classes, FeatureChannels(model.spec)});
  model.weights["classifier.bias"] = zeros({num_classes});
}

void SetInputChannels(int in_chans, Model& model) {
  if (in_chans == model.spec.in_chans) return;
  model.spec.in_chans = in_chans;
  model.preprocess.channels = in_chans;
  model.preprocess.mean = FitChannels(model.preprocess.mean, in_chans);
  model.preprocess.std = FitChannels(model.preprocess.std, in_chans);
  if (model.weights.empty()) return;
  Tensor& stem = model.weights.at("conv_stem.weight");
  stem = AdaptInputChannels(stem, in_chans);
}

}  // namespace

void Adapt(const LoadOptions& options, Model& model) {
  // The whole range first: the weights below are made to measure.
  NetworkSpec wanted = model.spec;
  wanted.num_classes = options.num_classes.value_or(wanted.num_classes);
  wanted.in_chans = options.in_chans.value_or(wanted.in_chans);
  wanted.output_stride = options.output_stride.value_or(wanted.output_stride);
  CheckSpec(wanted);
  const int side = options.img_size.value_or(1);
  if (side < 1 || side > kMaxSide) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("img_size: {}, expected 1 to {}", side, kMaxSide));
  }

  SetClasses(wanted.num_classes, model);
  SetInputChannels(wanted.in_chans, model);
  model.spec.output_stride = wanted.output_stride;
  if (options.img_size) {
    model.preprocess.height = model.preprocess.width = side;
    model.test_height = model.test_width = 0;  // it belonged to the other size
    model.test_crop_pct = 0;
  }
}

}  // namespace mnv4::model
