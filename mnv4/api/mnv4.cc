#include "mnv4/mnv4.h"

#include <fmt/format.h>

#include <algorithm>

#include "mnv4/base/floating_point.h"
#include "mnv4/base/fork.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/image/image.h"
#include "mnv4/model/model.h"
#include "mnv4/model/top_k.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

// Nested in exported classes, but none of the users' business.
#define MNV4_HIDDEN __attribute__((visibility("hidden")))

namespace mnv4 {
namespace {

model::LoadOptions ToLoadOptions(const ModelOptions& options) {
  return {.num_classes = options.num_classes,
          .in_chans = options.in_chans,
          .output_stride = options.output_stride,
          .img_size = options.img_size};
}

}  // namespace

struct MNV4_HIDDEN Model::Impl {
  Impl(model::Model loaded, const ModelOptions& options)
      : model(std::move(loaded)),
        engine([this](int n, int h, int w) { return model.GraphFor(n, h, w); },
               {.precision = runtime::ParsePrecision(options.precision, HostIsa()),
                .features = options.features,
                .packed_folder = options.packed_cache ? runtime::PackedFolder() : ""}) {}

  model::Model model;
  runtime::Engine engine;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::Load(const std::string& name, const ModelOptions& options) {
  const DefaultFloatingPoint floating_point;
  auto impl = std::make_unique<Impl>(model::Load(name, ToLoadOptions(options)), options);
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

std::shared_ptr<const Model> Model::FromMemory(std::span<const std::byte> file,
                                               const ModelOptions& options) {
  const DefaultFloatingPoint floating_point;
  auto impl = std::make_unique<Impl>(
      model::LoadFromMemory(file, "model in memory", ToLoadOptions(options)), options);
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

const std::string& Model::architecture() const { return impl_->model.spec.name; }
const std::vector<std::string>& Model::labels() const { return impl_->model.labels; }
int Model::num_classes() const {
  const NetworkSpec& spec = impl_->model.spec;
  return spec.num_classes > 0 ? spec.num_classes : FeatureChannels(spec);
}
int Model::input_channels() const { return impl_->model.spec.in_chans; }
int Model::input_height() const { return impl_->model.preprocess.height; }
int Model::input_width() const { return impl_->model.preprocess.width; }
bool Model::random_weights() const { return impl_->model.random_weights; }
void Model::SaveFolder(const std::string& folder) const {
  const DefaultFloatingPoint floating_point;
  model::SaveFolder(impl_->model, folder);
}
void Model::SaveFile(const std::string& path) const {
  const DefaultFloatingPoint floating_point;
  model::SaveFile(impl_->model, path);
}

struct MNV4_HIDDEN Threads::Impl {
  explicit Impl(int threads, Executor executor = nullptr) : pool(threads, std::move(executor)) {}
  ThreadPool pool;
};

Threads::Threads(int threads) : impl_(std::make_shared<Impl>(threads)) {}
Threads::~Threads() = default;

struct MNV4_HIDDEN Session::Impl {
  Impl(std::shared_ptr<const Model> shared, const SessionOptions& options)
      : model(std::move(shared)), threads(ThreadsOf(options)) {}

  static std::shared_ptr<Threads::Impl> ThreadsOf(const SessionOptions& options) {
    if (options.shared == nullptr) {
      return std::make_shared<Threads::Impl>(options.threads, options.executor);
    }
    if (options.threads != 0 || options.executor) {
      throw Error(ErrorCode::kInvalidArgument,
                  "a session on shared threads has no threads or executor of its own");
    }
    return options.shared->impl_;
  }

  // The session for this input shape; the one of the last Run is kept.
  runtime::Session& For(int n, int h, int w) {
    const ForkDelay fork_delay;  // not every allocator survives a fork while it is at work
    auto plan = model->impl_->engine.PlanFor(n, h, w, &threads->pool);
    if (session == nullptr || &session->plan() != plan.get()) {
      session = std::make_unique<runtime::Session>(std::move(plan), threads->pool);
    }
    return *session;
  }

  std::span<const float> KeepLogits() {
    logits.resize(session->OutputSize("logits"));
    session->CopyOutput("logits", logits);
    return logits;
  }

  std::span<const float> RunCropped(const Image& cropped) {
    const auto input = For(1, cropped.height, cropped.width).input(0);
    Normalize(cropped.view(), model->impl_->model.preprocess, input.data, input.row_stride,
              input.pixel_stride, 1);
    session->Run();
    return KeepLogits();
  }

  const runtime::Session& Last() const {
    if (session == nullptr || logits.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "this session has not run yet");
    }
    return *session;
  }

  std::shared_ptr<const Model> model;
  std::shared_ptr<Threads::Impl> threads;
  std::unique_ptr<runtime::Session> session;
  std::vector<float> logits;
};

Session::Session(std::shared_ptr<const Model> model, const SessionOptions& options) {
  if (model == nullptr) throw Error(ErrorCode::kInvalidArgument, "a session needs a model");
  impl_ = std::make_unique<Impl>(std::move(model), options);
}
Session::~Session() = default;

std::span<const float> Session::Run(std::span<const float> images, int n, int h, int w,
                                    TensorLayout layout) {
  const DefaultFloatingPoint floating_point;
  const int channels = impl_->model->input_channels();
  if (n < 1 || h < 1 || w < 1 ||
      images.size() != static_cast<size_t>(n) * static_cast<size_t>(h) * static_cast<size_t>(w) *
                           static_cast<size_t>(channels)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("input: {} floats, expected {} x {} x {} x {}", images.size(), n,
                            channels, h, w));
  }
  runtime::Session& session = impl_->For(n, h, w);
  session.Run(layout == TensorLayout::kNchw ? kernels::PicturesNchw(images.data(), channels, h, w)
                                            : kernels::PicturesNhwc(images.data(), channels, h, w));
  return impl_->KeepLogits();
}

void Session::Run(std::span<const float> images, int n, int h, int w, TensorLayout layout,
                  std::span<float> logits) {
  const auto wanted =
      static_cast<size_t>(std::max(n, 0)) * static_cast<size_t>(impl_->model->num_classes());
  if (logits.size() != wanted) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("logits: room for {} floats, expected {}", logits.size(), wanted));
  }
  std::ranges::copy(Run(images, n, h, w, layout), logits.begin());
}

std::span<const float> Session::RunPixels(const ImageView& pixels) {
  const DefaultFloatingPoint floating_point;
  const Preprocess& preprocess = impl_->model->impl_->model.preprocess;
  if (pixels.data == nullptr || pixels.width < 1 || pixels.height < 1 ||
      pixels.channels != impl_->model->input_channels()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("picture: {} x {} pixels of {} channels, expected {} channels", pixels.width,
                    pixels.height, pixels.channels, impl_->model->input_channels()));
  }
  return impl_->RunCropped(ResizeAndCrop(pixels, preprocess));
}

std::span<const float> Session::RunPicture(std::span<const std::byte> file,
                                           const PictureOptions& options) {
  const DefaultFloatingPoint floating_point;
  const Preprocess& preprocess = impl_->model->impl_->model.preprocess;
  return impl_->RunCropped(LoadPixels(file, preprocess, {.apply_exif = options.apply_exif}));
}

std::vector<Classification> Session::TopK(int k, int image) const {
  const DefaultFloatingPoint floating_point;
  impl_->Last();
  const auto classes = static_cast<size_t>(impl_->model->num_classes());
  const size_t images = impl_->logits.size() / classes;
  if (k < 1 || image < 0 || static_cast<size_t>(image) >= images) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("top {} of picture {}: the last run had {} pictures", k, image, images));
  }
  const auto logits =
      std::span<const float>(impl_->logits).subspan(static_cast<size_t>(image) * classes, classes);
  const std::vector<std::string>& labels = impl_->model->labels();
  std::vector<Classification> best;
  for (const model::RankedClass& ranked : model::TopK(logits, k)) {
    const auto index = static_cast<size_t>(ranked.index);
    best.push_back({ranked.index,
                    index < labels.size() ? labels[index] : std::to_string(ranked.index),
                    static_cast<float>(ranked.score)});
  }
  return best;
}

std::vector<int> Session::FeatureShape(const std::string& name) const {
  const runtime::Plan& plan = impl_->Last().plan();
  const auto& desc = plan.slots()[static_cast<size_t>(plan.SlotOf(name))].desc;
  return {desc.n, desc.c, desc.h, desc.w};
}

void Session::CopyFeature(const std::string& name, std::span<float> nchw) const {
  const size_t wanted = impl_->Last().OutputSize(name);
  if (nchw.size() != wanted) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("feature '{}': room for {} floats, expected {}", name, nchw.size(), wanted));
  }
  impl_->Last().CopyOutput(name, nchw);
}

}  // namespace mnv4
