// mnv4 bench: latency of a model, over threads, batch sizes and input sizes.

#include <fmt/format.h>

#include <optional>
#include <set>

#include "mnv4/base/clock.h"
#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/bench_compare.h"
#include "mnv4/cli/bench_measure.h"
#include "mnv4/cli/bench_report.h"
#include "mnv4/cli/checkup.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

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
constexpr Option kRepetitions = {.name = "repetitions",
                                 .kind = ValueKind::kInteger,
                                 .value = "N",
                                 .fallback = "100",
                                 .help = "timed runs",
                                 .least = 1,
                                 .most = 10000000};
constexpr Option kLayers = {.name = "layers", .help = "also the time of each layer (own runs)"};

constexpr const char* kProtocols[] = {"plain", "paper"};
constexpr Option kProtocol = {.name = "protocol",
                              .kind = ValueKind::kChoice,
                              .value = "NAME",
                              .fallback = kProtocols[0],
                              .help = "paper: one thread, fastest CPU, 5 x 1000 runs",
                              .choices = kProtocols};
constexpr const char* kHints[] = {"latency", "throughput"};
constexpr Option kHint = {.name = "hint",
                          .kind = ValueKind::kChoice,
                          .value = "NAME",
                          .fallback = kHints[0],
                          .help = "throughput: each thread runs a session of its own",
                          .choices = kHints};
constexpr Option kSoak = {.name = "soak",
                          .kind = ValueKind::kNumber,
                          .value = "SECONDS",
                          .help = "run for so long, to see heat and other tenants slow it down",
                          .least = 0.001,
                          .most = 1e6};
constexpr Option kCompare = {.name = "compare",
                             .help = "A B: two files of --json or --jsonl; times nothing"};
constexpr Option kJsonLines = {.name = "jsonl", .help = "print JSON, an object a line"};
constexpr Option kMarkdown = {.name = "markdown", .help = "print the table as Markdown"};

constexpr Option kOptions[] = {
    kModel, kThreadCounts, kBatchSizes,  kImgSizes,   kWarmup,    kRepetitions,  kProtocol, kHint,
    kSoak,  kLayers,       kCompare,     kJson,       kJsonLines, kCsv,          kMarkdown, kOutput,
    kIsa,   kPrecision,    kPackedCache, kNumClasses, kInChans,   kOutputStride, kQuiet};

// Every combination of the lists.
std::vector<BenchSettings> Sweep(const Arguments& arguments, const model::Model& model) {
  const bool paper = arguments.Text(kProtocol) == "paper";
  const bool throughput = arguments.Text(kHint) == "throughput";
  if (throughput && (paper || arguments.Has(kLayers))) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--hint throughput and --{} exclude each other",
                            paper ? "protocol paper" : "layers"));
  }
  const int runs =
      arguments.Has(kRepetitions) || !paper ? arguments.Integer(kRepetitions) : kPaperRuns;
  const std::vector<int> threads = arguments.Has(kThreadCounts)
                                       ? arguments.Integers(kThreadCounts)
                                       : std::vector{paper ? 1 : DefaultThreads()};
  const std::vector<int> sizes =
      arguments.Has(kImgSizes) ? arguments.Integers(kImgSizes) : std::vector{0};
  const runtime::PlanOptions plan = PlanOptionsFrom(arguments);
  std::vector<BenchSettings> all;
  for (const int size : sizes) {
    for (const int batch_size : arguments.Integers(kBatchSizes)) {
      for (const int thread_count : threads) {
        all.push_back({.threads = thread_count,
                       .batch_size = batch_size,
                       .height = size > 0 ? size : model.preprocess.height,
                       .width = size > 0 ? size : model.preprocess.width,
                       .warmup = arguments.Integer(kWarmup),
                       .repetitions = paper ? runs * kPaperGroups : runs,
                       .layers = arguments.Has(kLayers),
                       .soak_s = arguments.Has(kSoak) ? arguments.Number(kSoak) : 0,
                       .pins = paper ? FastestCpus(thread_count) : std::vector<int>(),
                       .paper = paper,
                       .throughput = throughput,
                       .plan = plan});
      }
    }
  }
  return all;
}

int Compare(const Arguments& arguments) {
  const std::vector<std::string>& files = arguments.operands();
  if (files.size() != 2) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--compare: {} files, expected two: A.json B.json", files.size()));
  }
  const BenchComparison comparison(BaseName(files[0]), ReadBenchFile(files[0]), BaseName(files[1]),
                                   ReadBenchFile(files[1]));
  Output output(arguments.Text(kOutput));
  if (arguments.Has(kJson)) {
    output.Write(ToString(comparison.AsJson(), 2) + '\n');
  } else if (arguments.Has(kJsonLines)) {
    output.Write(ToString(comparison.AsJson()) + '\n');
  } else if (arguments.Has(kCsv)) {
    output.Write(comparison.AsTable().Csv());
  } else if (arguments.Has(kMarkdown)) {
    output.Write(comparison.AsTable().Markdown());
  } else {
    output.Write(comparison.AsTable().Text(output.style()));
  }
  output.Finish();
  for (const std::string& note : comparison.notes()) {
    if (!arguments.Has(kQuiet)) fmt::print(stderr, "note: {}\n", note);
  }
  return 0;
}

std::string Format(const Arguments& arguments, const BenchReport& report, bool swept,
                   const Style& style) {
  if (arguments.Has(kJson)) return report.JsonText(swept);
  if (arguments.Has(kJsonLines)) return report.JsonLines();
  if (arguments.Has(kCsv)) return report.AsTable().Csv();
  if (arguments.Has(kMarkdown)) return report.AsTable().Markdown();
  return report.Text(style);
}

int Run(const Arguments& arguments) {
  CheckOneFormat(arguments, {kJson, kJsonLines, kCsv, kMarkdown});
  if (arguments.Has(kCompare)) return Compare(arguments);
  if (!arguments.operands().empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}': files are for --compare", arguments.operands().front()));
  }
  const Host host = DescribeHost();  // before this program itself is its load
  const CpuLimits limits = DetectCpuLimits();
  const Clock::time_point start = Clock::now();
  const model::Model model = LoadModel(arguments, NetworkOptions(arguments));
  const double load_ms = MillisecondsSince(start);
  NoteRandomWeights(arguments, model);
  const std::vector<BenchSettings> settings = Sweep(arguments, model);
  BenchReport report(model, WeightsHash(arguments, model), load_ms);
  Output output(arguments.Text(kOutput));

  std::set<std::string> warned;
  const InterruptScope interrupt;
  for (const BenchSettings& each : settings) {
    std::optional<BenchResult> result = Measure(model, each, interrupt, arguments.Has(kQuiet));
    if (!result) break;
    const std::vector<std::string> warnings = TimingWarnings(host, limits, each.threads);
    result->warnings.insert(result->warnings.begin(), warnings.begin(), warnings.end());
    report.Add(*result);
    for (const std::string& warning : result->warnings) {
      if (warned.insert(warning).second && !arguments.Has(kQuiet)) {
        fmt::print(stderr, "warning: {}\n", warning);
      }
    }
  }
  if (!report.empty()) {
    output.Write(Format(arguments, report, settings.size() > 1, output.style()));
    output.Finish();
  }
  return interrupt.Interrupted() ? kInterruptedExitCode : 0;
}

}  // namespace

const Command kBench = {
    .name = "bench",
    .summary = "time a model",
    .operands = "[A.json B.json]",
    .most_operands = 2,
    .options = kOptions,
    .details =
        "LIST is 1,2 or 1-4 or 128-256+32 (steps of 32) or 1-8*2 (doubled); every combination is\n"
        "one test, and --json then gives an array of them. A test starts with a fresh engine;\n"
        "first run: planning, packing weights and one inference. Then --warmup runs, then\n"
        "--repetitions runs, each timed alone, back to back, without preparing the input.\n"
        "median of means: of five consecutive groups of runs. --protocol paper pins to as many of\n"
        "the fastest CPUs as there are threads (one unless -t) and repeats 1000 runs (or\n"
        "--repetitions) five times. --hint throughput: N threads are N sessions that run at once,\n"
        "each the given number of times; a time is that of one session's run. --compare prints,\n"
        "for each test that both files have, the ratio of B's mean time to A's and its 95 %\n"
        "interval, from ten groups of runs each.",
    .example =
        "mnv4 bench -m conv_small -t 1,2 -b 1-8*2 --json -o before.json\n"
        "  mnv4 bench --compare before.json after.json",
    .run = Run};

}  // namespace mnv4::cli
