// mnv4 data: what is in a data set, and what is wrong with it.

#include "mnv4/cli/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <string_view>
#include <vector>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/data_options.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr Option kOptions[] = {kAgainst,     kStatsSize, kPreviewRecipe, kPreviewSet, kPreviewCount,
                               kPreviewSeed, kClassMap,  kClassCount,    kNoExif,     kWorkers,
                               kJson,        kOutput,    kQuiet};

constexpr const DataVerb* kVerbs[] = {&kDataCheck, &kDataStats, &kDataPreview};

bool Takes(const DataVerb& verb, const Option& option) {
  const std::string_view name = option.name;
  return std::any_of(verb.options.begin(), verb.options.end(),
                     [&](const Option& each) { return each.name == name; });
}

const DataVerb& FindVerb(const std::string& name) {
  std::vector<const char*> names;
  for (const DataVerb* verb : kVerbs) {
    if (verb->name == name) return *verb;
    names.push_back(verb->name);
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("'{}', expected {}; did you mean {}?", Printable(name),
                          fmt::join(names, " or "), NearestName(name, names)));
}

int Run(const Arguments& arguments) {
  const DataVerb& verb = FindVerb(arguments.operands().front());
  for (const DataVerb* other : kVerbs) {
    for (const Option& option : other->options) {
      if (arguments.Has(option) && !Takes(verb, option)) {
        throw Error(ErrorCode::kInvalidArgument,
                    fmt::format("--{} is an option of mnv4 data {}, not of {}", option.name,
                                other->name, verb.name));
      }
    }
  }
  return verb.run(arguments, {arguments.operands().begin() + 1, arguments.operands().end()});
}

}  // namespace

const Command kData = {
    .name = "data",
    .summary = "check a data set, count what is in it, see it augmented",
    .operands = "check|stats|preview DATA...",
    .least_operands = 2,
    .most_operands = INT_MAX,
    .options = kOptions,
    .details =
        "check decodes every picture and reports broken files, exact duplicates, pictures that\n"
        "have two labels, pictures that --against has too, and classes without pictures. stats\n"
        "counts classes, sizes, formats and bytes, and gives the mean and std of the channels.\n"
        "preview writes a page: the first pictures of a training run, each as it is and as the\n"
        "network gets it in six epochs, by a recipe, with the very numbers that the run draws.\n"
        "DATA is a folder of class folders, a CSV file of path,label lines, or WebDataset shards\n"
        "(.tar .tar.gz .tgz .tar.zst; val-{000..012}.tar stands for 13). Classes are the folders\n"
        "or the labels of the CSV file; of shards the numbers, or those of a --class-map.\n"
        "Exit code 1: a picture is broken. Ctrl-C prints what is known so far (exit 130).",
    .example = "mnv4 data check imagenet/train --against imagenet/val",
    .run = Run};

}  // namespace mnv4::cli
