// mnv4 classify: pictures to labels, decoded on workers ahead of the network.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <optional>

#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/classifier.h"
#include "mnv4/cli/classify_report.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/html_report.h"
#include "mnv4/cli/inputs.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/picture.h"
#include "mnv4/cli/picture_queue.h"
#include "mnv4/cli/progress.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Option kTopK = {.name = "topk",
                          .letter = 'k',
                          .kind = ValueKind::kInteger,
                          .value = "N",
                          .fallback = "5",
                          .help = "classes a picture, best first",
                          .least = 1,
                          .most = 1000000};
constexpr Option kWorkers = {.name = "workers",
                             .letter = 'j',
                             .kind = ValueKind::kInteger,
                             .value = "N",
                             .help = "threads that decode; else as many as CPUs, at most 4",
                             .least = 1,
                             .most = 256};
constexpr Option kHtml = {.name = "html",
                          .kind = ValueKind::kText,
                          .value = "FILE",
                          .help = "also write a page with pictures, bars and times"};
constexpr Option kStrict = {.name = "strict",
                            .help = "stop at the first picture that cannot be read (exit 3)"};
constexpr Option kVerbose = {
    .name = "verbose", .letter = 'v', .help = "say at the end where time and memory went"};

constexpr Option kOptions[] = {kModel,         kTopK,      kJson,      kOutput,  kHtml,
                               kThreads,       kWorkers,   kBatchSize, kStrict,  kNoExif,
                               kIsa,           kPrecision, kImgSize,   kCropPct, kCropMode,
                               kInterpolation, kMean,      kStd,       kQuiet,   kVerbose};

constexpr int kMaxDefaultWorkers = 4;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// All the places results go to.
class Reports {
 public:
  Reports(const Arguments& arguments, const model::Model& model, const Preprocess& preprocess,
          const std::vector<std::string>& paths)
      : labels_(model.labels),
        topk_(arguments.Integer(kTopK)),
        json_(arguments.Has(kJson)),
        layout_(LayOut(paths, model.labels)),
        output_(arguments.Text(kOutput)),
        progress_(static_cast<int>(paths.size()), "pictures",
                  arguments.Has(kQuiet) || output_.terminal()) {
    if (!arguments.Has(kHtml)) return;
    html_file_.emplace(arguments.Text(kHtml));
    html_.emplace(fmt::format("{}, {} classes, {} x {} pixels", model.spec.name,
                              model.spec.num_classes, preprocess.width, preprocess.height),
                  model.labels, !arguments.Has(kNoExif));
  }

  void Add(const Result& result) {
    tally_.Add(result);
    decode_ms_ += result.decode_ms;
    network_ms_ += result.network_ms;
    if (!result.error.empty()) {
      progress_.Clear();
      fmt::print(stderr, "mnv4 classify: {}: {}\n", Printable(result.path), result.error);
    }
    output_.Write(json_ ? JsonLine(result, labels_)
                        : TextLines(result, labels_, layout_, output_.style()));
    if (html_) html_->Add(result);
    progress_.Update(tally_.pictures);
  }

  void Flush() { output_.Flush(); }

  void Finish() {
    progress_.Clear();
    const std::string summary = tally_.Text(topk_);
    if (!json_ && !summary.empty()) output_.Write(summary + '\n');
    output_.Finish();
    if (!html_) return;
    html_file_->Write(html_->Page(tally_, topk_));
    html_file_->Commit();
  }

  const Tally& tally() const { return tally_; }

  void PrintCosts(double seconds) const {
    const double count = std::max(tally_.pictures, 1);
    fmt::print(stderr,
               "{} pictures in {:.2f} s ({:.1f}/s); each: decode {:.1f} ms, network {:.1f} ms; "
               "peak memory {:.1f} MB\n",
               tally_.pictures, seconds, tally_.pictures / seconds, decode_ms_ / count,
               network_ms_ / count, PeakRssMb());
  }

 private:
  const std::vector<std::string>& labels_;
  int topk_;
  bool json_;
  TextLayout layout_;
  Output output_;
  Progress progress_;
  std::optional<AtomicFile> html_file_;
  std::optional<HtmlReport> html_;
  Tally tally_;
  double decode_ms_ = 0, network_ms_ = 0;
};

// The next pictures, at most `batch_size`, answered; the broken ones among them say why not.
std::vector<Result> NextResults(PictureQueue& queue, Classifier& classifier, int batch_size,
                                int topk, const model::Model& model) {
  std::vector<Result> results;
  std::vector<Image> pictures;
  while (static_cast<int>(results.size()) < batch_size) {
    std::optional<Picture> picture = queue.Next();
    if (!picture) break;
    Result result;
    result.truth = TruthOf(picture->path, model.label_names);
    if (!result.truth) result.truth = TruthOf(picture->path, model.labels);
    result.path = std::move(picture->path);
    result.error = std::move(picture->error);
    result.decode_ms = picture->decode_ms;
    if (result.error.empty()) pictures.push_back(std::move(picture->pixels));
    results.push_back(std::move(result));
  }
  const Clock::time_point start = Clock::now();
  std::vector<Ranking> rankings = classifier.Classify(pictures, topk);
  const double each_ms = MillisecondsSince(start) / static_cast<double>(rankings.size());
  auto ranking = rankings.begin();
  for (Result& result : results) {
    if (!result.error.empty()) continue;
    result.best = std::move(*ranking++);
    result.network_ms = each_ms;
  }
  return results;
}

model::Model LoadTrained(const Arguments& arguments) {
  model::Model model = LoadModel(arguments, {.allow_random_weights = false});
  if (model.spec.num_classes == 0) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: a network without a classifier", model.source));
  }
  return model;
}

int Run(const Arguments& arguments) {
  CheckPrecision(arguments);
  const Clock::time_point start = Clock::now();
  const model::Model model = LoadTrained(arguments);
  const Preprocess preprocess = PreprocessFrom(arguments, model.preprocess);
  const std::vector<std::string> paths = ExpandInputs(arguments.operands());
  const int batch_size = arguments.Integer(kBatchSize);
  const int workers = arguments.Has(kWorkers) ? arguments.Integer(kWorkers)
                                              : std::min(AvailableCpus(), kMaxDefaultWorkers);
  Classifier classifier(model, preprocess, IsaFrom(arguments), ThreadsFrom(arguments));
  Reports reports(arguments, model, preprocess, paths);
  const bool apply_exif = !arguments.Has(kNoExif);
  PictureQueue queue(
      paths, [&](const std::string& path) { return LoadPicture(path, preprocess, apply_exif); },
      workers, workers + batch_size);

  const InterruptScope interrupt;
  while (!interrupt.Interrupted()) {
    const std::vector<Result> results =
        NextResults(queue, classifier, batch_size, arguments.Integer(kTopK), model);
    if (results.empty()) break;
    for (const Result& result : results) {
      reports.Add(result);
      if (arguments.Has(kStrict) && !result.error.empty()) {
        throw Error(ErrorCode::kInvalidFile, "stopped at the first broken picture (--strict)");
      }
    }
    reports.Flush();
  }
  reports.Finish();
  if (arguments.Has(kVerbose)) reports.PrintCosts(MillisecondsSince(start) / 1e3);
  if (interrupt.Interrupted()) return kInterruptedExitCode;
  return reports.tally().broken > 0 ? static_cast<int>(ErrorCode::kRuntime) : 0;
}

}  // namespace

const Command kClassify = {
    .name = "classify",
    .summary = "say what pictures show",
    .operands = "IMAGE...",
    .least_operands = 1,
    .most_operands = INT_MAX,
    .options = kOptions,
    .details =
        "IMAGE is a file, a folder (with all below it) or a pattern. JPEG, PNG, WebP, TIFF, GIF\n"
        "(first frame), BMP and PNM are told apart by content. A picture that cannot be read is\n"
        "reported, the rest goes on, and the exit code is 1. With -k 1 an answer is one line.\n"
        "Where a picture's folder is named after a class, the answer is marked right or wrong.\n"
        "--json gives an object a line:\n"
        "  {\"image\": PATH, \"topk\": [{\"index\": I, \"label\": NAME, \"score\": P}, ...]}\n"
        "  {\"image\": PATH, \"error\": TEXT}",
    .example = "mnv4 classify photo.jpg holiday/ --html holiday.html",
    .run = Run};

}  // namespace mnv4::cli
