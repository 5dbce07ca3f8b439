// mnv4 run: a network on a tensor from a .npy file.

#include <fmt/format.h>

#include "mnv4/base/error.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/io/npy.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {
namespace {

constexpr Option kInput = {.name = "input",
                           .kind = ValueKind::kText,
                           .value = "X.npy",
                           .help = "float32, shape [n, c, h, w]",
                           .required = true};
constexpr Option kLogits = {.name = "output",
                            .letter = 'o',
                            .kind = ValueKind::kText,
                            .value = "Y.npy",
                            .help = "where the logits [n, classes] go",
                            .required = true};
constexpr Option kFeatures = {.name = "features",
                              .kind = ValueKind::kText,
                              .value = "NAMES",
                              .help = "also C1..C5, blocks.3, pre_logits: C3,C5"};

constexpr Option kOptions[] = {kModel,        kInput,   kLogits, kFeatures,  kNumClasses,  kInChans,
                               kOutputStride, kThreads, kIsa,    kPrecision, kPackedCache, kQuiet};

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// "y.npy" and "C3" -> "y.C3.npy".
std::string FeaturePath(std::string path, const std::string& feature) {
  static constexpr std::string_view kEnding = ".npy";
  if (path.ends_with(kEnding)) path.resize(path.size() - kEnding.size());
  return fmt::format("{}.{}.npy", path, feature);
}

struct Batch {
  int n, c, h, w;
  std::vector<float> values;  // n c h w
};

Batch ReadBatch(const std::string& path, int channels) {
  const Tensor tensor = ReadNpy(path);
  const Shape& shape = tensor.type.shape;
  if (shape.size() != 4 || shape[1] != channels || NumElements(shape) == 0) {
    throw Error(ErrorCode::kInvalidFile, fmt::format("{}: shape {}, expected [n, {}, h, w]", path,
                                                     ToString(shape), channels));
  }
  return {static_cast<int>(shape[0]), channels, static_cast<int>(shape[2]),
          static_cast<int>(shape[3]), ToFloats(tensor)};
}

void Fill(const Batch& batch, runtime::Session& session) {
  const float* from = batch.values.data();
  for (int image = 0; image < batch.n; ++image) {
    const runtime::Session::Input to = session.input(image);
    for (int c = 0; c < batch.c; ++c) {
      for (int y = 0; y < batch.h; ++y) {
        for (int x = 0; x < batch.w; ++x) {
          to.data[y * to.row_stride + x * to.pixel_stride + c] = *from++;
        }
      }
    }
  }
}

void WriteOutput(const runtime::Session& session, const std::string& name,
                 const std::string& path) {
  const runtime::Plan& plan = session.plan();
  const kernels::Desc& desc = plan.slots()[static_cast<size_t>(plan.SlotOf(name))].desc;
  const bool is_map = name != "logits" && name != "pre_logits";
  std::vector<float> values(session.OutputSize(name));
  session.CopyOutput(name, values);
  WriteNpy(path, MakeTensor(is_map ? Shape{desc.n, desc.c, desc.h, desc.w} : Shape{desc.n, desc.c},
                            std::move(values)));
}

int Run(const Arguments& arguments) {
  runtime::PlanOptions options = PlanOptionsFrom(arguments);
  options.features = SplitAtCommas(arguments.Text(kFeatures));
  const model::Model model = LoadModel(arguments, NetworkOptions(arguments));
  const Batch batch = ReadBatch(arguments.Text(kInput), model.spec.in_chans);
  NoteRandomWeights(arguments, model);  // behind all errors, which are one line

  runtime::Engine engine([&](int n, int h, int w) { return model.GraphFor(n, h, w); }, options);
  ThreadPool pool(ThreadsFrom(arguments));
  runtime::Session session(engine.PlanFor(batch.n, batch.h, batch.w, &pool), pool);
  Fill(batch, session);
  session.Run();

  const std::string path = arguments.Text(kLogits);
  WriteOutput(session, "logits", path);
  for (const std::string& feature : options.features) {
    WriteOutput(session, feature, FeaturePath(path, feature));
  }
  return 0;
}

}  // namespace

const Command kRun = {
    .name = "run",
    .summary = "run a network on a .npy tensor",
    .options = kOptions,
    .details =
        "A feature goes to a file beside the logits: y.npy, y.C3.npy. Feature maps are\n"
        "[n, c, h, w], pre_logits [n, c].",
    .example = "mnv4 run -m conv_small --input x.npy -o y.npy --features C3,C5,pre_logits",
    .run = Run};

}  // namespace mnv4::cli
