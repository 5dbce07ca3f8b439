// mnv4 bench: latency of a model, over threads, batch sizes and input sizes.

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>

#include "mnv4/base/cpus.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/cli/bench_report.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/default_model.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/progress.h"
#include "mnv4/cli/sha256.h"
#include "mnv4/io/mapped_file.h"
#include "mnv4/model/hub.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Option kThreadCounts = {.name = "threads",
                                  .letter = 't',
                                  .kind = ValueKind::kIntegers,
                                  .value = "LIST",
                                  .help = "threads; else $MNV4_NUM_THREADS, else all CPUs",
                                  .least = 1,
                                  .most = 1024};
constexpr Option kBatchSizes = {.name = "batch-size",
                                .letter = 'b',
                                .kind = ValueKind::kIntegers,
                                .value = "LIST",
                                .fallback = "1",
                                .help = "pictures the network takes at once",
                                .least = 1,
                                .most = 4096};
constexpr Option kImgSizes = {.name = "img-size",
                              .kind = ValueKind::kIntegers,
                              .value = "LIST",
                              .help = "input side in pixels; else the model's own",
                              .least = 1,
                              .most = 8192};
constexpr Option kWarmup = {.name = "warmup",
                            .kind = ValueKind::kInteger,
                            .value = "N",
                            .fallback = "10",
                            .help = "runs before timing starts",
                            .least = 0,
                            .most = 1000000};
constexpr Option kRepetitions = {.name = "repetitions",
                                 .kind = ValueKind::kInteger,
                                 .value = "N",
                                 .fallback = "100",
                                 .help = "timed runs",
                                 .least = 1,
                                 .most = 10000000};
constexpr Option kLayers = {.name = "layers", .help = "also the time of each layer (own runs)"};

constexpr Option kOptions[] = {kModel,       kThreadCounts, kBatchSizes, kImgSizes,     kWarmup,
                               kRepetitions, kLayers,       kJson,       kOutput,       kIsa,
                               kPrecision,   kNumClasses,   kInChans,    kOutputStride, kQuiet};

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// SHA-256 of the weights' file; "" for random weights.
std::string HashOf(const Arguments& arguments, const model::Model& model) {
  if (model.random_weights) return "";
  if (ModelName(arguments) == kDefaultModelName) return Sha256(DefaultModel());
  const model::Place place = model::Resolve(model.source);
  const bool is_folder = place.kind == model::PlaceKind::kFolder;
  return Sha256(MappedFile::Open(is_folder ? model::WeightsIn(place.path) : place.path)->bytes());
}

// Values like those of normalised pictures, the same every time.
void Fill(runtime::Session& session) {
  const Shape& shape = session.plan().input_shape();
  uint32_t state = 1;
  for (int image = 0; image < shape[0]; ++image) {
    const runtime::Session::Input input = session.input(image);
    for (int64_t y = 0; y < shape[1]; ++y) {
      for (int64_t x = 0; x < shape[2]; ++x) {
        for (int64_t c = 0; c < shape[3]; ++c) {
          state = state * 1664525 + 1013904223;  // Numerical Recipes' generator
          input.data[y * input.row_stride + x * input.pixel_stride + c] =
              static_cast<float>(state >> 8) / (1 << 22) - 2.0f;  // in [-2, 2)
        }
      }
    }
  }
}

// One test: a fresh engine, so that the order of a sweep does not matter. nullopt if interrupted.
std::optional<BenchResult> Measure(const model::Model& model, const BenchSettings& settings,
                                   const InterruptScope& interrupt, bool quiet) {
  ResetPeakRss();
  const Clock::time_point start = Clock::now();
  runtime::Engine engine([&](int n, int h, int w) { return model.GraphFor(n, h, w); },
                         {.isa = settings.isa, .features = {}});
  ThreadPool pool(settings.threads);
  runtime::Session session(engine.PlanFor(settings.batch_size, settings.height, settings.width),
                           pool);
  Fill(session);
  session.Run();
  BenchResult result;
  result.settings = settings;
  result.first_run_ms = MillisecondsSince(start);

  Progress progress(settings.warmup + settings.repetitions, "runs", quiet);
  for (int i = 0; i < settings.warmup + settings.repetitions; ++i) {
    if (interrupt.Interrupted()) return std::nullopt;
    Fill(session);  // the last run used the memory for other tensors
    const Clock::time_point run_start = Clock::now();
    session.Run();
    if (i >= settings.warmup) result.run_ms.push_back(MillisecondsSince(run_start));
    progress.Update(i + 1);
  }
  if (settings.layers) {
    std::vector<double> seconds(session.plan().steps().size());
    for (int i = 0; i < settings.repetitions; ++i) {
      if (interrupt.Interrupted()) return std::nullopt;
      Fill(session);
      session.Run(seconds);
    }
    for (double& each : seconds) each *= 1e3 / settings.repetitions;
    result.layers = DescribeLayers(session.plan(), seconds);
  }
  result.peak_rss_mb = PeakRssMb();
  result.arena_mb = static_cast<double>(session.plan().arena_bytes()) / 1e6;
  return result;
}

// Every combination of the lists.
std::vector<BenchSettings> Sweep(const Arguments& arguments, const model::Model& model) {
  const std::vector<int> threads = arguments.Has(kThreadCounts) ? arguments.Integers(kThreadCounts)
                                                                : std::vector{DefaultThreads()};
  const std::vector<int> sizes =
      arguments.Has(kImgSizes) ? arguments.Integers(kImgSizes) : std::vector{0};
  std::vector<BenchSettings> all;
  for (const int size : sizes) {
    for (const int batch_size : arguments.Integers(kBatchSizes)) {
      for (const int thread_count : threads) {
        all.push_back({.threads = thread_count,
                       .batch_size = batch_size,
                       .height = size > 0 ? size : model.preprocess.height,
                       .width = size > 0 ? size : model.preprocess.width,
                       .warmup = arguments.Integer(kWarmup),
                       .repetitions = arguments.Integer(kRepetitions),
                       .layers = arguments.Has(kLayers),
                       .isa = IsaFrom(arguments)});
      }
    }
  }
  return all;
}

int Run(const Arguments& arguments) {
  CheckPrecision(arguments);
  const Clock::time_point start = Clock::now();
  const model::Model model = LoadModel(arguments, NetworkOptions(arguments));
  const double load_ms = MillisecondsSince(start);
  NoteRandomWeights(arguments, model);
  const std::vector<BenchSettings> settings = Sweep(arguments, model);
  BenchReport report(model, HashOf(arguments, model), load_ms);
  Output output(arguments.Text(kOutput));

  const InterruptScope interrupt;
  for (const BenchSettings& each : settings) {
    const auto result = Measure(model, each, interrupt, arguments.Has(kQuiet));
    if (!result) break;
    report.Add(*result);
  }
  if (!report.empty()) {
    output.Write(arguments.Has(kJson) ? report.JsonText(settings.size() > 1)
                                      : report.Text(output.style()));
    output.Finish();
  }
  return interrupt.Interrupted() ? kInterruptedExitCode : 0;
}

}  // namespace

const Command kBench = {
    .name = "bench",
    .summary = "time a model",
    .options = kOptions,
    .details =
        "LIST is 1,2 or 1-4 or 128-256+32 (steps of 32) or 1-8*2 (doubled); every combination is\n"
        "one test, and --json then gives an array of them. A test starts with a fresh engine;\n"
        "first run: planning, packing weights and one inference. Then --warmup runs, then\n"
        "--repetitions runs, each timed alone, back to back, without preparing the input.\n"
        "median of means: of five consecutive groups of runs.",
    .example = "mnv4 bench -m conv_small -t 1,2 -b 1-8*2 --json",
    .run = Run};

}  // namespace mnv4::cli
