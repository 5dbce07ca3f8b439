#include <fmt/format.h>

#include <numeric>

#include "mnv4/model/config.h"
#include "mnv4/model/config_fields.h"

namespace mnv4::model {
namespace {

double ReadCropPct(const JsonCursor& crop_pct) { return crop_pct.Number(0.1, 2); }

// mean or std: a number, or one for each channel.
std::vector<double> ReadPerChannel(const JsonCursor& values, double lowest, double highest,
                                   int channels) {
  std::vector<double> result;
  if (values.value().As<Json::Array>() == nullptr) {
    result.push_back(values.Number(lowest, highest));
  } else {
    for (const JsonCursor& value : values.Elements()) {
      result.push_back(value.Number(lowest, highest));
    }
  }
  if (result.empty()) values.Fail("no numbers, expected one for each channel");
  return FitChannels(result, channels);
}

}  // namespace

std::vector<double> FitChannels(const std::vector<double>& values, int channels) {
  const auto count = static_cast<size_t>(channels);
  if (values.size() == count) return values;
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return std::vector<double>(count, sum / static_cast<double>(values.size()));
}

InputSize ReadInputSize(const JsonCursor& size) {
  const std::vector<JsonCursor> sides = size.Elements();
  if (sides.size() != 3) size.Fail(fmt::format("{} numbers, expected 3", sides.size()));
  return {static_cast<int>(sides[0].Integer(1, kMaxInChans)),
          static_cast<int>(sides[1].Integer(1, kMaxSide)),
          static_cast<int>(sides[2].Integer(1, kMaxSide))};
}

void ReadPreprocess(const JsonCursor& cfg, Model& model) {
  Preprocess& preprocess = model.preprocess;
  preprocess.channels = model.spec.in_chans;
  if (const auto size = cfg.Find("input_size")) {
    const InputSize input = ReadInputSize(*size);
    preprocess.height = input.height;
    preprocess.width = input.width;
  }
  if (const auto crop_pct = cfg.Find("crop_pct")) preprocess.crop_pct = ReadCropPct(*crop_pct);
  if (const auto mode = cfg.Find("crop_mode")) {
    preprocess.crop_mode = ReadChoice(*mode, ParseCropMode, "center, squash or border");
  }
  if (const auto filter = cfg.Find("interpolation")) {
    preprocess.interpolation = ReadChoice(*filter, ParseInterpolation,
                                          "bicubic, bilinear, nearest, box, hamming or lanczos");
  }
  preprocess.mean = FitChannels(preprocess.mean, preprocess.channels);
  preprocess.std = FitChannels(preprocess.std, preprocess.channels);
  if (const auto mean = cfg.Find("mean")) {
    preprocess.mean = ReadPerChannel(*mean, -1e6, 1e6, preprocess.channels);
  }
  if (const auto std = cfg.Find("std")) {
    preprocess.std = ReadPerChannel(*std, 1e-6, 1e6, preprocess.channels);
  }
  if (const auto size = cfg.Find("test_input_size")) {
    const InputSize input = ReadInputSize(*size);
    model.test_height = input.height;
    model.test_width = input.width;
  }
  if (const auto crop_pct = cfg.Find("test_crop_pct")) {
    model.test_crop_pct = ReadCropPct(*crop_pct);
  }
}

}  // namespace mnv4::model
