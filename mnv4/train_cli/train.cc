#include "mnv4/train_cli/train.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "mnv4/base/clock.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/progress.h"
#include "mnv4/cli/recipes.h"
#include "mnv4/cli/train.h"
#include "mnv4/io/file.h"
#include "mnv4/recipe/recipe.h"
#include "mnv4/runs/run_folder.h"
#include "mnv4/train/device.h"
#include "mnv4/train/run.h"
#include "mnv4/train_cli/datasets.h"
#include "mnv4/train_cli/show.h"

namespace mnv4::train_cli {
namespace {

namespace fs = std::filesystem;

constexpr int kDrySteps = 10;
constexpr double kTimmEmaDecay = 0.9998;

// DATA with train/ and val/ in it, or training data alone.
void SetData(recipe::Recipe& recipe, const std::string& operand) {
  recipe.data.train = {cli::TrainingPart(operand)};
  recipe.data.val = {};
  if (recipe.data.train[0] == operand) return;
  for (const char* name : {"val", "validation", "test"}) {
    std::error_code ignored;
    const fs::path folder = fs::path(operand) / name;
    if (!fs::is_directory(folder, ignored)) continue;
    recipe.data.val = {folder.string()};
    return;
  }
}

// Recipe, then DATA, then flags, then --set: what is nearer to the user counts.
recipe::Recipe Resolve(const cli::Arguments& arguments) {
  recipe::Recipe recipe;
  if (arguments.Has(cli::kResume)) {
    const std::string run = arguments.Text(cli::kResume);
    if (!fs::is_regular_file(fs::path(run) / "recipe.yaml")) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("--resume {}: no run there: expected a folder with recipe.yaml", run));
    }
    recipe = cli::ReadRecipe(run + "/recipe.yaml");
  } else if (arguments.Has(cli::kRecipe)) {
    recipe = cli::ReadNamedRecipe(arguments.Text(cli::kRecipe));
  }
  for (const std::string& operand : arguments.operands()) SetData(recipe, operand);
  if (arguments.Has(cli::kModelEma)) recipe.ema.decay = kTimmEmaDecay;
  for (const cli::RecipeOption& row : cli::RecipeOptions()) {
    if (arguments.Has(row.option)) recipe::Set(recipe, row.key, arguments.Text(row.option));
  }
  for (const std::string& text : arguments.Texts(cli::kSet)) recipe::Set(recipe, text);
  recipe::Check(recipe);
  return recipe;
}

int PrintText(const std::string& text) {
  cli::Output output;
  output.Write(text);
  output.Finish();
  return 0;
}

// Megabytes.
double PeakMemory() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Of all threads.
double CpuMilliseconds() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

int DryRun(const recipe::Recipe& recipe) {
  const train::Datasets datasets = OpenDatasets(recipe);
  train::Trainer trainer(recipe, datasets);
  const recipe::Timing& timing = trainer.timing();
  const int64_t steps = std::min<int64_t>(kDrySteps, timing.steps);
  std::vector<double> all_ms, loop_ms, cpu_ms;
  for (int64_t i = 0; i < steps; ++i) {
    const Clock::time_point start = Clock::now();
    const double cpu_start_ms = CpuMilliseconds();
    const train::StepReport report = trainer.Step();
    all_ms.push_back(MillisecondsSince(start));
    cpu_ms.push_back(CpuMilliseconds() - cpu_start_ms);
    loop_ms.push_back(all_ms.back() - report.network_ms - report.update_ms);
  }
  const double seconds = Median(all_ms) / 1e3;
  return PrintText(
      fmt::format("{}, {} classes, {} pictures\n"
                  "{} steps of {} pictures, {} an epoch; {} were tried\n"
                  "time    {:.3f} s a step, {:.1f} pictures/s: {} in all, without validation\n"
                  "CPU     {:.3f} s a step, all threads together\n"
                  "loop    {:.2f} ms of a step: waiting for data, mixing, copies\n"
                  "memory  {:.0f} MB at most\n",
                  trainer.configuration().spec.name, datasets.labels.size(), datasets.train->Size(),
                  timing.steps, timing.batch, timing.steps_per_epoch, steps, seconds,
                  static_cast<double>(timing.batch) / seconds,
                  cli::Duration(seconds * static_cast<double>(timing.steps)), Median(cpu_ms) / 1e3,
                  Median(loop_ms), PeakMemory()));
}

// "stamps" of recipes/stamps.yaml.
std::string NameOf(const cli::Arguments& arguments) {
  if (arguments.Has(cli::kRecipe)) return fs::path(arguments.Text(cli::kRecipe)).stem().string();
  return "run";
}

runs::RunFolder FolderOf(const cli::Arguments& arguments) {
  if (arguments.Has(cli::kResume)) return runs::RunFolder::Open(arguments.Text(cli::kResume));
  const std::string root = arguments.Text(cli::kRuns);
  if (arguments.Has(cli::kName)) {
    return runs::RunFolder::MakeNamed(root, "train", arguments.Text(cli::kName));
  }
  return runs::RunFolder::Make(root, "train", NameOf(arguments));
}

// Classes nobody can learn.
void NoteEmptyClasses(const train::Datasets& datasets, train::Observer& observer) {
  std::vector<bool> seen(datasets.labels.size());
  for (int64_t i = 0; i < datasets.train->Size(); ++i) {
    const int label = datasets.train->LabelOf(i);
    if (label < 0) return;  // they are not known before they are read
    seen[static_cast<size_t>(label)] = true;
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) observer.OnNote(fmt::format("class '{}' has no pictures", datasets.labels[i]));
  }
}

}  // namespace

int RunTrain(const cli::Arguments& arguments) {
  if (arguments.Has(cli::kResume) && arguments.Has(cli::kRecipe)) {
    throw Error(ErrorCode::kInvalidArgument,
                "--resume and --recipe: a run goes on by its own recipe; --set changes a key");
  }
  const recipe::Recipe recipe = Resolve(arguments);
  if (arguments.Has(cli::kPrintConfig)) return PrintText(recipe::Print(recipe, /*help=*/true));
  train::SetUpLibTorch(static_cast<int>(recipe.train.threads));
  if (arguments.Has(cli::kDryRun)) return DryRun(recipe);

  const train::Datasets datasets = OpenDatasets(recipe);
  train::Trainer trainer(recipe, datasets);
  const runs::RunFolder folder = FolderOf(arguments);  // of a run that can begin
  train::RunResult result;
  {
    Show show(arguments.Has(cli::kQuiet));
    NoteEmptyClasses(datasets, show);
    result = train::RunTraining(trainer, recipe, datasets, folder, show);
  }
  PrintText(result.best ? fmt::format("{}/best  {} {:.2f}\n", folder.path(),
                                      recipe.checkpoint.metric, *result.best)
                        : fmt::format("{}\n", result.checkpoint));
  return result.finished ? 0 : cli::kInterruptedExitCode;
}

}  // namespace mnv4::train_cli
