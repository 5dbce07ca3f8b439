#include "mnv4/cli/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/default_model.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/sha256.h"
#include "mnv4/io/mapped_file.h"
#include "mnv4/model/hub.h"

namespace mnv4::cli {
namespace {

// --mean or --std: one value for all channels, or one for each.
std::vector<double> PerChannel(const Arguments& arguments, const Option& option, int channels) {
  std::vector<double> values = arguments.Numbers(option);
  if (values.size() == 1) values.assign(static_cast<size_t>(channels), values.front());
  if (values.size() != static_cast<size_t>(channels)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--{}: {} values, expected 1 or {}, the model's channels", option.name,
                            values.size(), channels));
  }
  return values;
}

}  // namespace

model::LoadOptions NetworkOptions(const Arguments& arguments) {
  model::LoadOptions options;
  if (arguments.Has(kNumClasses)) options.num_classes = arguments.Integer(kNumClasses);
  if (arguments.Has(kInChans)) options.in_chans = arguments.Integer(kInChans);
  if (arguments.Has(kOutputStride)) {
    options.output_stride = std::stoi(arguments.Text(kOutputStride));
  }
  return options;
}

std::string ModelName(const Arguments& arguments) {
  return arguments.Has(kModel) ? arguments.Text(kModel) : kDefaultModelName;
}

model::Model LoadModel(const Arguments& arguments, const model::LoadOptions& options) {
  const std::string name = ModelName(arguments);
  if (name != kDefaultModelName) return model::Load(name, options);
  if (DefaultModel().empty()) {
    throw Error(ErrorCode::kUnsupported,
                "this program was built without a default model: name one with -m (a timm folder, "
                "a file, or a zoo name of mnv4 list)");
  }
  return model::LoadFromMemory(DefaultModel(), name, options);
}

model::Model LoadClassifier(const Arguments& arguments) {
  model::Model model = LoadModel(arguments, {.allow_random_weights = false});
  if (model.spec.num_classes == 0) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: a network without a classifier", model.source));
  }
  return model;
}

void NoteRandomWeights(const Arguments& arguments, const model::Model& model) {
  if (!model.random_weights || arguments.Has(kQuiet)) return;
  fmt::print(stderr,
             "note: {} has no weights on this machine; its deterministic random weights are used "
             "(good for speed and shapes, not for answers)\n",
             model.source);
}

std::string WeightsFile(const Arguments& arguments, const model::Model& model) {
  if (ModelName(arguments) == kDefaultModelName || model.random_weights) return "";
  const model::Place place = model::Resolve(model.source);
  return place.kind == model::PlaceKind::kFolder ? model::WeightsIn(place.path) : place.path;
}

std::string WeightsHash(const Arguments& arguments, const model::Model& model) {
  if (model.random_weights) return "";
  if (ModelName(arguments) == kDefaultModelName) return Sha256(DefaultModel());
  return Sha256(MappedFile::Open(WeightsFile(arguments, model))->bytes());
}

Preprocess PreprocessFrom(const Arguments& arguments, Preprocess preprocess) {
  if (arguments.Has(kImgSize)) {
    preprocess.height = preprocess.width = arguments.Integer(kImgSize);
  }
  if (arguments.Has(kCropPct)) preprocess.crop_pct = arguments.Number(kCropPct);
  if (arguments.Has(kCropMode)) preprocess.crop_mode = *ParseCropMode(arguments.Text(kCropMode));
  if (arguments.Has(kInterpolation)) {
    preprocess.interpolation = *ParseInterpolation(arguments.Text(kInterpolation));
  }
  if (arguments.Has(kMean)) preprocess.mean = PerChannel(arguments, kMean, preprocess.channels);
  if (arguments.Has(kStd)) preprocess.std = PerChannel(arguments, kStd, preprocess.channels);
  return preprocess;
}

int ThreadsFrom(const Arguments& arguments) {
  return arguments.Has(kThreads) ? arguments.Integer(kThreads) : DefaultThreads();
}

int WorkersFrom(const Arguments& arguments) {
  constexpr int kMostDefaultWorkers = 4;
  return arguments.Has(kWorkers) ? arguments.Integer(kWorkers)
                                 : std::min(AvailableCpus(), kMostDefaultWorkers);
}

runtime::PlanOptions PlanOptionsFrom(const Arguments& arguments) {
  runtime::PlanOptions options;
  if (arguments.Has(kIsa)) options.isa = CapIsa(HostIsa(), arguments.Text(kIsa));
  const std::string precision = arguments.Text(kPrecision);
  options.precision = runtime::ParsePrecision(precision, options.isa);
  const std::string computed = PrecisionText(options);
  if (precision != computed && !arguments.Has(kQuiet)) {
    fmt::print(stderr, "note: --precision {} is {} here\n", precision, computed);
  }
  if (arguments.Has(kPackedCache)) {
    options.packed_folder = runtime::PackedFolder();
    options.on_unwritten = [quiet = arguments.Has(kQuiet)](const Error& error) {
      if (!quiet) fmt::print(stderr, "note: --packed-cache: {}\n", error.what());
    };
  }
  return options;
}

void CheckOneFormat(const Arguments& arguments, std::initializer_list<Option> formats) {
  const char* first = nullptr;
  for (const Option& format : formats) {
    if (!arguments.Has(format)) continue;
    if (first != nullptr) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--{} and --{} exclude each other", first, format.name));
    }
    first = format.name;
  }
}

}  // namespace mnv4::cli
