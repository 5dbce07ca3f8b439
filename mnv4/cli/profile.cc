// mnv4 profile: where a network's time goes, step by step, and what this machine would allow.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/base/clock.h"
#include "mnv4/base/cpus.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/cli/checkup.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/profile_page.h"
#include "mnv4/cli/profile_report.h"
#include "mnv4/cli/profile_trace.h"
#include "mnv4/cli/progress.h"
#include "mnv4/cli/run_header.h"
#include "mnv4/cli/synthetic_input.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {
namespace {

// Fewer at most than bench: every step's time of every run is kept.
constexpr Option kRepetitions = {.name = "repetitions",
                                 .kind = ValueKind::kInteger,
                                 .value = "N",
                                 .fallback = "50",
                                 .help = "timed runs",
                                 .least = 1,
                                 .most = 100000};
constexpr Option kTrace = {.name = "trace",
                           .kind = ValueKind::kText,
                           .value = "FILE",
                           .help = "also a trace for ui.perfetto.dev or chrome://tracing"};
constexpr Option kHtml = {.name = "html",
                          .kind = ValueKind::kText,
                          .value = "FILE",
                          .help = "also a page with bars, which opens offline"};

constexpr Option kOptions[] = {kModel,       kThreads,      kBatchSize, kImgSize,     kWarmup,
                               kRepetitions, kJson,         kCsv,       kTrace,       kHtml,
                               kOutput,      kIsa,          kPrecision, kPackedCache, kNumClasses,
                               kInChans,     kOutputStride, kQuiet};

ProfileSettings SettingsFrom(const Arguments& arguments, const model::Model& model) {
  const bool sized = arguments.Has(kImgSize);
  return {.threads = ThreadsFrom(arguments),
          .batch_size = arguments.Integer(kBatchSize),
          .height = sized ? arguments.Integer(kImgSize) : model.preprocess.height,
          .width = sized ? arguments.Integer(kImgSize) : model.preprocess.width,
          .warmup = arguments.Integer(kWarmup),
          .repetitions = arguments.Integer(kRepetitions),
          .plan = PlanOptionsFrom(arguments)};
}

// nullopt if interrupted: half a profile would pass for a whole one.
std::optional<Profile> Measure(const model::Model& model, const ProfileSettings& settings,
                               const InterruptScope& interrupt, bool quiet) {
  runtime::Engine engine([&](int n, int h, int w) { return model.GraphFor(n, h, w); },
                         settings.plan);
  ThreadPool pool(settings.threads);
  runtime::Session session(
      engine.PlanFor(settings.batch_size, settings.height, settings.width, &pool), pool);
  const runtime::Plan& plan = session.plan();
  const SyntheticInput input(plan.input_shape());
  std::vector<double> seconds(plan.steps().size());
  for (int i = 0; i < settings.warmup && !interrupt.Interrupted(); ++i) {
    input.CopyTo(session, pool);
    session.Run(seconds);
  }
  // Before and after: other work may disturb one of the two.
  kernels::Peaks peaks = kernels::MeasurePeaks(runtime::UsableIsa(settings.plan), pool);

  Progress progress(settings.repetitions, "runs", quiet);
  std::vector<ProfiledRun> runs;
  Clock::time_point first;
  for (int i = 0; i < settings.repetitions; ++i) {
    if (interrupt.Interrupted()) return std::nullopt;
    input.CopyTo(session, pool);
    std::fill(seconds.begin(), seconds.end(), 0);
    if (i == 0) first = Clock::now();
    ProfiledRun run = {.start_ms = MillisecondsSince(first), .ms = 0, .step_ms = {}};
    const Clock::time_point start = Clock::now();
    session.Run(seconds);
    run.ms = MillisecondsSince(start);
    for (const double each : seconds) run.step_ms.push_back(each * 1e3);
    runs.push_back(std::move(run));
    progress.Update(i + 1);
  }
  peaks.Improve(kernels::MeasurePeaks(runtime::UsableIsa(settings.plan), pool));
  return Profile(settings, plan, std::move(peaks), std::move(runs));
}

// A file beside the main output. Opened before anything is timed: a wrong path is told at once.
std::optional<Output> FileFor(const Arguments& arguments, const Option& option) {
  if (!arguments.Has(option)) return std::nullopt;
  return std::optional<Output>(std::in_place, arguments.Text(option));
}

void Write(Output& output, const std::string& text) {
  output.Write(text);
  output.Finish();
}

int Run(const Arguments& arguments) {
  CheckOneFormat(arguments, {kJson, kCsv});
  const Host host = DescribeHost();  // before this program itself is its load
  const CpuLimits limits = DetectCpuLimits();
  const model::Model model = LoadModel(arguments, NetworkOptions(arguments));
  NoteRandomWeights(arguments, model);
  const ProfileSettings settings = SettingsFrom(arguments, model);
  Output output(arguments.Text(kOutput));
  std::optional<Output> trace = FileFor(arguments, kTrace), page = FileFor(arguments, kHtml);

  const InterruptScope interrupt;
  const int64_t throttled = ThrottleCount();
  const std::optional<Profile> profile = Measure(model, settings, interrupt, arguments.Has(kQuiet));
  if (!profile) return kInterruptedExitCode;
  std::vector<std::string> warnings = TimingWarnings(host, limits, settings.threads);
  if (const auto warning = ThrottleWarning(throttled)) warnings.push_back(*warning);
  for (const std::string& warning : warnings) {
    if (!arguments.Has(kQuiet)) fmt::print(stderr, "warning: {}\n", warning);
  }

  if (arguments.Has(kJson)) {
    const Json header = RunHeader(host, model, WeightsHash(arguments, model), settings.plan,
                                  settings.batch_size, settings.height, settings.width);
    Write(output, ToString(ProfileJson(*profile, host, header, warnings), 2) + '\n');
  } else if (arguments.Has(kCsv)) {
    Write(output, StepTable(*profile).Csv());
  } else {
    Write(output, ProfileText(*profile, model, host, output.style()));
  }
  if (trace) Write(*trace, ToString(TraceJson(*profile, model.spec.name)) + '\n');
  if (page) Write(*page, ProfilePage(*profile, model, host, warnings));
  return 0;
}

}  // namespace

const Command kProfile = {
    .name = "profile",
    .summary = "where the time goes: each step against what this machine could do",
    .options = kOptions,
    .details =
        "A step is one kernel; what was fused into it stands behind a plus. All times are medians\n"
        "of --repetitions runs. GMAC/s and GB/s: 1e9 multiply-adds and bytes a second, the bytes\n"
        "being packed weights and activations read and written, each once. roofline: the part of\n"
        "the possible, which is the longer of two times: multiply-adds at this machine's peak\n"
        "(bound: compute; winograd and strassen kernels need fewer), and bytes at the speed of\n"
        "the nearest cache that holds them (memory). Both are measured before and after the runs,\n"
        "a tenth of a second each, with as many threads.",
    .example =
        "mnv4 profile -m conv_small -t 1\n"
        "  mnv4 profile -m conv_small --html profile.html --trace trace.json",
    .run = Run};

}  // namespace mnv4::cli
