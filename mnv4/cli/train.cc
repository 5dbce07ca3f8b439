#include "mnv4/cli/train.h"

#include <array>

#include "mnv4/cli/commands.h"
#include "mnv4/cli/options.h"

namespace mnv4::cli {

constexpr Option kRecipe = {.name = "recipe",
                            .kind = ValueKind::kText,
                            .value = "RECIPE",
                            .help = "a file, or the name of one in recipes/; else all defaults"};
constexpr Option kSet = {.name = "set",
                         .kind = ValueKind::kTexts,
                         .value = "KEY=VALUE",
                         .help = "another value for a key of the recipe; may be given again"};
constexpr Option kName = {.name = "name",
                          .kind = ValueKind::kText,
                          .value = "NAME",
                          .help = "of the run's folder; else the recipe's, with a number"};
constexpr Option kRuns = {.name = "output",
                          .letter = 'o',
                          .kind = ValueKind::kText,
                          .value = "FOLDER",
                          .fallback = "runs",
                          .help = "where runs go: FOLDER/train/NAME"};
constexpr Option kResume = {.name = "resume",
                            .kind = ValueKind::kText,
                            .value = "RUN",
                            .help = "go on with this run's folder, by its own recipe"};
constexpr Option kPrintConfig = {.name = "print-config",
                                 .help = "print the resolved recipe with every key, and end"};
constexpr Option kDryRun = {.name = "dry-run",
                            .help = "ten real steps, then how long all would take, in what memory"};
constexpr Option kModelEma = {.name = "model-ema", .help = "average the weights (decay 0.9998)"};

namespace {

// A text that the recipe checks.
constexpr Option Key(const char* name, const char* value, const char* help, char letter = 0) {
  return {.name = name, .letter = letter, .kind = ValueKind::kText, .value = value, .help = help};
}

constexpr RecipeOption kRecipeOptions[] = {
    {Key("model", "MODEL", "zoo name, or a file of network text", 'm'), "model.name"},
    {Key("img-size", "N", "input side in pixels"), "model.img_size"},
    {Key("num-classes", "N", "where the data does not say"), "model.num_classes"},
    {Key("init-from", "MODEL", "begin with this model's weights"), "model.init_from"},
    {Key("freeze", "LIST", "not trained: [stem, blocks.0, bn]"), "model.freeze"},
    {Key("drop", "P", "dropout before the classifier"), "model.drop"},
    {Key("drop-path", "P", "stochastic depth, peak rate"), "model.drop_path"},
    {Key("val", "DATA", "what to validate on"), "data.val"},
    {Key("class-map", "FILE", "the data's class names, a line for each class"), "data.class_map"},
    {Key("workers", "N", "threads that decode and augment", 'j'), "data.workers"},
    {Key("aa", "NAME", "none, randaugment or autoaugment"), "augment.auto_augment"},
    {Key("mixup", "ALPHA", "Mixup"), "mix.mixup"},
    {Key("cutmix", "ALPHA", "CutMix"), "mix.cutmix"},
    {Key("smoothing", "X", "label smoothing"), "loss.smoothing"},
    {Key("opt", "NAME", "adamw, adamw_keras, sgd, rmsprop or lamb"), "optimizer.kind"},
    {Key("weight-decay", "X", "weight decay"), "optimizer.weight_decay"},
    {Key("clip-grad", "NORM", "largest global norm of the gradients"), "optimizer.clip_grad"},
    {Key("sched", "NAME", "cosine, step, exponential, poly or constant"), "schedule.kind"},
    {Key("lr", "X", "peak learning rate"), "schedule.lr"},
    {Key("warmup-epochs", "N", "epochs of rising learning rate"), "schedule.warmup_epochs"},
    {Key("model-ema-decay", "X", "average the weights, with this decay"), "ema.decay"},
    {Key("epochs", "N", "how often the data is seen"), "train.epochs"},
    {Key("batch-size", "N", "pictures at once", 'b'), "train.batch_size"},
    {Key("seed", "N", "of everything that is drawn"), "train.seed"},
    {Key("threads", "N", "of LibTorch; else all CPUs", 't'), "train.threads"},
    {Key("device", "NAME", "cpu, cuda or cuda:N"), "train.device"},
};

// --recipe and its kin, then the keys, --model-ema before its decay.
constexpr auto kOptions = [] {
  std::array<Option, std::size(kRecipeOptions) + 9> options = {
      kRecipe, kSet, kName, kRuns, kResume, kPrintConfig, kDryRun, kModelEma, kQuiet};
  size_t at = 9;
  for (const RecipeOption& row : kRecipeOptions) options[at++] = row.option;
  return options;
}();

}  // namespace

std::span<const RecipeOption> RecipeOptions() { return kRecipeOptions; }

const Command kTrain = {
    .name = "train",
    .summary = "train a network, by a recipe",
    .operands = "[DATA]",
    .least_operands = 0,
    .most_operands = 1,
    .options = kOptions,
    .details =
        "DATA is a folder with train/ and val/ in it, or training data alone: a folder of class\n"
        "folders, a CSV file or WebDataset .tar shards. A run lies in runs/train/NAME: "
        "recipe.yaml,\n"
        "summary.csv, curves.html, TensorBoard events, and in last/ and best/ the folders that\n"
        "every verb and timm read. Ctrl-C saves and ends (exit 130); --resume goes on to the very\n"
        "bits of a run that was never stopped. Keys for --set: mnv4 train --print-config.\n"
        "It is the program mnv4-train (make train) that does the work.",
    .example = "mnv4 train flowers/ -m conv_small --init-from models/conv_small --epochs 30",
    .program = "mnv4-train"};

}  // namespace mnv4::cli
