// mnv4 eval: how often a model is right on a data set.

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <optional>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/eval_page.h"
#include "mnv4/cli/eval_report.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/pipeline.h"
#include "mnv4/cli/progress.h"
#include "mnv4/data/dataset.h"
#include "mnv4/data/real_labels.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr Option kRealLabels = {.name = "real-labels",
                                .kind = ValueKind::kText,
                                .value = "FILE",
                                .help = "several right classes a picture, as ImageNet's real.json"};
constexpr Option kHtml = {.name = "html",
                          .kind = ValueKind::kText,
                          .value = "FILE",
                          .help = "also write a page with the worst mistakes"};

constexpr const char* kOthers[] = {"fp32", "fp16", "bf16"};
constexpr Option kAgainst = {.name = "against",
                             .kind = ValueKind::kChoice,
                             .value = "P",
                             .help = "answer in this precision too, and say how far apart they are",
                             .choices = kOthers};

constexpr Option kOptions[] = {
    kModel,   kClassMap,  kRealLabels, kJson,          kCsv,  kOutput,    kHtml,        kThreads,
    kWorkers, kBatchSize, kStrict,     kNoExif,        kIsa,  kPrecision, kPackedCache, kAgainst,
    kImgSize, kCropPct,   kCropMode,   kInterpolation, kMean, kStd,       kQuiet,       kVerbose};

// All the places results go to.
class Reports {
 public:
  Reports(const Arguments& arguments, Evaluation evaluation)
      : json_(arguments.Has(kJson)),
        csv_(arguments.Has(kCsv)),
        quiet_(arguments.Has(kQuiet)),
        evaluation_(std::move(evaluation)),
        output_(arguments.Text(kOutput)),
        progress_(0, "pictures", quiet_ || (csv_ && output_.terminal())) {
    if (csv_) output_.Write(kEvalCsvHeading);
    if (!arguments.Has(kHtml)) return;
    page_file_.emplace(arguments.Text(kHtml));
    page_.emplace(evaluation_.labels, !arguments.Has(kNoExif));
  }

  /// `size` is that of the data set, as far as it is known.
  void Add(Result result, int64_t size) {
    ++pictures_;
    if (!result.error.empty()) {
      progress_.Clear();
      fmt::print(stderr, "mnv4 eval: {}: {}\n", Printable(result.sample.key), result.error);
    }
    evaluation_.Add(result);
    if (csv_) output_.Write(EvalCsvLine(result, evaluation_.labels));
    progress_.SetTotal(static_cast<int>(std::max(size, pictures_)));
    progress_.Update(static_cast<int>(pictures_));
    if (page_) page_->Add(std::move(result));
  }

  void Finish(double seconds, int64_t left_out, bool interrupted) {
    progress_.Clear();
    evaluation_.seconds = seconds;
    evaluation_.left_out = left_out;
    evaluation_.interrupted = interrupted;
    if (json_) {
      output_.Write(EvaluationJson(evaluation_));
    } else if (!csv_) {
      output_.Write(EvaluationText(evaluation_, output_.style()));
    } else if (!quiet_) {
      fmt::print(stderr, "{}", EvaluationText(evaluation_, Style(stderr)));
    }
    output_.Finish();
    if (!page_) return;
    page_file_->Write(page_->Page(evaluation_));
    page_file_->Commit();
  }

  const Evaluation& evaluation() const { return evaluation_; }

 private:
  const bool json_, csv_, quiet_;
  Evaluation evaluation_;
  Output output_;
  Progress progress_;
  std::optional<AtomicFile> page_file_;
  std::optional<EvalPage> page_;
  int64_t pictures_ = 0;
};

data::ClassMap ClassesOf(const Arguments& arguments, const model::Model& model) {
  if (arguments.Has(kClassMap)) {
    return data::ClassMap::Read(arguments.Text(kClassMap), model.spec.num_classes);
  }
  data::ClassMap classes(model.spec.num_classes);
  classes.AddNames(model.label_names);
  classes.AddNames(model.labels);
  return classes;
}

// Sees every picture, or those until Ctrl-C. Throws at the first broken one if `strict`.
void SeeAll(Pipeline& pipeline, const data::Dataset& samples, const InterruptScope& interrupt,
            bool strict, Reports& reports) {
  while (!interrupt.Interrupted()) {
    std::vector<Result> results = pipeline.Next();
    if (results.empty()) return;
    for (Result& result : results) {
      const bool broken = !result.error.empty();
      reports.Add(std::move(result), samples.Size());
      if (strict && broken) {
        throw Error(ErrorCode::kInvalidFile, "stopped at the first broken picture (--strict)");
      }
    }
  }
}

int Run(const Arguments& arguments) {
  CheckOneFormat(arguments, {kJson, kCsv});
  const model::Model model = LoadClassifier(arguments);
  const Preprocess preprocess = PreprocessFrom(arguments, model.preprocess);
  const data::ClassMap classes = ClassesOf(arguments, model);
  std::unique_ptr<data::Dataset> samples = data::OpenDataset(arguments.operands(), classes);
  const data::Relabelled* relabelled = nullptr;
  if (arguments.Has(kRealLabels)) {
    auto labels = data::RealLabels(arguments.Text(kRealLabels), model.spec.num_classes);
    auto set = std::make_unique<data::Relabelled>(std::move(samples), std::move(labels));
    relabelled = set.get();
    samples = std::move(set);
  }
  const runtime::PlanOptions plan = PlanOptionsFrom(arguments);
  std::optional<runtime::Precision> other;
  std::optional<Agreement> agreement;
  if (arguments.Has(kAgainst)) {
    other = runtime::ParsePrecision(arguments.Text(kAgainst), plan.isa);
    agreement =
        Agreement{.precision = runtime::PrecisionText({.isa = plan.isa, .precision = *other})};
  }
  Reports reports(arguments, {.model = model.spec.name,
                              .data = fmt::format("{}", fmt::join(arguments.operands(), " ")),
                              .height = preprocess.height,
                              .width = preprocess.width,
                              .labels = model.labels,
                              .precision = PrecisionText(plan),
                              .accuracy = data::Accuracy(model.spec.num_classes),
                              .agreement = agreement});
  Pipeline pipeline(arguments, model, preprocess, plan, *samples, data::Accuracy::kTop, other);

  const InterruptScope interrupt;
  SeeAll(pipeline, *samples, interrupt, arguments.Has(kStrict), reports);
  if (pipeline.pictures() == 0 && !interrupt.Interrupted()) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: no pictures", arguments.operands().front()));
  }
  reports.Finish(pipeline.seconds(), relabelled != nullptr ? relabelled->left_out() : 0,
                 interrupt.Interrupted());
  if (arguments.Has(kVerbose)) fmt::print(stderr, "{}\n", pipeline.Costs());
  if (interrupt.Interrupted()) return kInterruptedExitCode;
  return reports.evaluation().broken.empty() ? 0 : static_cast<int>(ErrorCode::kRuntime);
}

}  // namespace

const Command kEval = {
    .name = "eval",
    .summary = "say how often a model is right on a data set",
    .operands = "DATA...",
    .least_operands = 1,
    .most_operands = INT_MAX,
    .options = kOptions,
    .details =
        "DATA is a folder of class folders, a CSV file of path,label lines, or WebDataset shards\n"
        "(.tar .tar.gz .tgz .tar.zst; val-{000..012}.tar stands for 13). Classes are the model's\n"
        "names or numbers, or those of a --class-map: a name a line, or name, tab, number. Text\n"
        "and --json give top-1, top-5, calibration error, classes and confused pairs; --csv gives\n"
        "a row a picture (image,truth,index,label,score,top1,top5,error) and the text on stderr.\n"
        "A picture that cannot be read is reported and counted apart, and the exit code is 1.\n"
        "Ctrl-C prints what is known so far (exit 130).",
    .example =
        "mnv4 eval -m models/conv_small imagenet/val --html mistakes.html\n"
        "  mnv4 eval -m models/conv_small imagenet/val --precision bf16 --against fp32",
    .run = Run};

}  // namespace mnv4::cli
