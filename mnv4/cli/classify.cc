// mnv4 classify: pictures to labels, decoded on workers ahead of the network.

#include <fmt/format.h>

#include <climits>
#include <memory>
#include <optional>

#include "mnv4/base/error.h"
#include "mnv4/cli/classify_report.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/html_report.h"
#include "mnv4/cli/inputs.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/pipeline.h"
#include "mnv4/cli/progress.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr Option kTopK = {.name = "topk",
                          .letter = 'k',
                          .kind = ValueKind::kInteger,
                          .value = "N",
                          .fallback = "5",
                          .help = "classes a picture, best first",
                          .least = 1,
                          .most = 1000000};
constexpr Option kListFile = {.name = "list",
                              .kind = ValueKind::kText,
                              .value = "FILE",
                              .help = "also the pictures whose paths this file holds, a line each"};
constexpr Option kHtml = {.name = "html",
                          .kind = ValueKind::kText,
                          .value = "FILE",
                          .help = "also write a page with pictures, bars and times"};
constexpr Option kOptions[] = {
    kModel,   kTopK,      kListFile,      kJson,   kCsv, kOutput,    kHtml,        kThreads,
    kWorkers, kBatchSize, kStrict,        kNoExif, kIsa, kPrecision, kPackedCache, kImgSize,
    kCropPct, kCropMode,  kInterpolation, kMean,   kStd, kQuiet,     kVerbose};

// All the places results go to.
class Reports {
 public:
  Reports(const Arguments& arguments, const model::Model& model, const Preprocess& preprocess,
          const std::vector<std::string>& paths)
      : labels_(model.labels),
        topk_(arguments.Integer(kTopK)),
        json_(arguments.Has(kJson)),
        csv_(arguments.Has(kCsv)),
        layout_(LayOut(paths, model.labels)),
        output_(arguments.Text(kOutput)),
        progress_(static_cast<int>(paths.size()), "pictures",
                  arguments.Has(kQuiet) || output_.terminal()) {
    if (csv_) output_.Write(kCsvHeading);
    if (!arguments.Has(kHtml)) return;
    html_file_.emplace(arguments.Text(kHtml));
    html_.emplace(fmt::format("{}, {} classes, {} x {} pixels", model.spec.name,
                              model.spec.num_classes, preprocess.width, preprocess.height),
                  model.labels, !arguments.Has(kNoExif));
  }

  void Add(const Result& result) {
    tally_.Add(result);
    if (!result.error.empty()) {
      progress_.Clear();
      fmt::print(stderr, "mnv4 classify: {}: {}\n", Printable(result.sample.key), result.error);
    }
    output_.Write(json_  ? JsonLine(result, labels_)
                  : csv_ ? CsvLines(result, labels_)
                         : TextLines(result, labels_, layout_, output_.style()));
    if (html_) html_->Add(result);
    progress_.Update(tally_.pictures);
  }

  void Flush() { output_.Flush(); }

  void Finish() {
    progress_.Clear();
    const std::string summary = tally_.Text(topk_);
    if (!json_ && !csv_ && !summary.empty()) output_.Write(summary + '\n');
    output_.Finish();
    if (!html_) return;
    html_file_->Write(html_->Page(tally_, topk_));
    html_file_->Commit();
  }

  const Tally& tally() const { return tally_; }

 private:
  const std::vector<std::string>& labels_;
  int topk_;
  bool json_, csv_;
  TextLayout layout_;
  Output output_;
  Progress progress_;
  std::optional<AtomicFile> html_file_;
  std::optional<HtmlReport> html_;
  Tally tally_;
};

std::vector<std::string> PathsFrom(const Arguments& arguments) {
  std::vector<std::string> paths = ExpandInputs(arguments.operands());
  if (arguments.Has(kListFile)) {
    const std::vector<std::string> listed = ExpandList(arguments.Text(kListFile));
    paths.insert(paths.end(), listed.begin(), listed.end());
  } else if (arguments.operands().empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "IMAGE... or --list FILE is missing; see mnv4 classify --help");
  }
  return paths;
}

// The pictures; where a folder is named after a class, they are of it.
std::vector<data::Sample> SamplesOf(const std::vector<std::string>& paths,
                                    const model::Model& model) {
  std::vector<data::Sample> samples;
  for (const std::string& path : paths) {
    std::optional<int> truth = TruthOf(path, model.label_names);
    if (!truth) truth = TruthOf(path, model.labels);
    samples.push_back({.key = path, .path = path});
    if (truth) samples.back().labels = {*truth};
  }
  return samples;
}

int Run(const Arguments& arguments) {
  CheckOneFormat(arguments, {kJson, kCsv});
  const std::vector<std::string> paths = PathsFrom(arguments);
  const model::Model model = LoadClassifier(arguments);
  const Preprocess preprocess = PreprocessFrom(arguments, model.preprocess);
  const std::unique_ptr<data::Dataset> samples = data::ListOf(SamplesOf(paths, model));
  Pipeline pipeline(arguments, model, preprocess, PlanOptionsFrom(arguments), *samples,
                    arguments.Integer(kTopK));
  Reports reports(arguments, model, preprocess, paths);

  const InterruptScope interrupt;
  while (!interrupt.Interrupted()) {
    const std::vector<Result> results = pipeline.Next();
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
  if (arguments.Has(kVerbose)) fmt::print(stderr, "{}\n", pipeline.Costs());
  if (interrupt.Interrupted()) return kInterruptedExitCode;
  return reports.tally().broken > 0 ? static_cast<int>(ErrorCode::kRuntime) : 0;
}

}  // namespace

const Command kClassify = {
    .name = "classify",
    .summary = "say what pictures show",
    .operands = "IMAGE...",
    .most_operands = INT_MAX,
    .options = kOptions,
    .details =
        "IMAGE is a file, a folder (with all below it), a pattern, or -: a list of paths on "
        "stdin,\n"
        "a line each or each ended by a NUL, as in a --list FILE. JPEG, PNG, WebP, TIFF, GIF\n"
        "(first frame), BMP and PNM are told apart by content. A picture that cannot be read is\n"
        "reported, the rest goes on, and the exit code is 1. With -k 1 an answer is one line.\n"
        "Where a picture's folder is named after a class, the answer is marked right or wrong.\n"
        "--json gives an object a line:\n"
        "  {\"image\": PATH, \"topk\": [{\"index\": I, \"label\": NAME, \"score\": P}, ...]}\n"
        "  {\"image\": PATH, \"error\": TEXT}\n"
        "--csv gives a row a class: image,rank,index,label,score,error",
    .example = "mnv4 classify photo.jpg holiday/ --html holiday.html",
    .run = Run};

}  // namespace mnv4::cli
