// mnv4 data check: does every picture decode, is any there twice, is any class without one?

#include <fmt/format.h>

#include "mnv4/base/error.h"
#include "mnv4/cli/data.h"
#include "mnv4/cli/data_check_report.h"
#include "mnv4/cli/data_options.h"
#include "mnv4/cli/data_walk.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/progress.h"

namespace mnv4::cli {
namespace {

constexpr Option kOwnOptions[] = {kAgainst, kNoExif, kWorkers, kJson};

int Run(const Arguments& arguments, const std::vector<std::string>& operands) {
  std::vector<std::unique_ptr<LabelledSet>> sets;
  sets.push_back(OpenLabelledSet(arguments, operands));
  if (arguments.Has(kAgainst))
    sets.push_back(OpenLabelledSet(arguments, {arguments.Text(kAgainst)}));
  std::vector<std::string> names;
  for (const auto& set : sets) names.push_back(set->name);
  DataCheck check(names);
  Output output(arguments.Text(kOutput));

  const InterruptScope interrupt;
  const LookOptions options = {.apply_exif = !arguments.Has(kNoExif), .hash = true};
  for (size_t i = 0; i < sets.size() && !check.interrupted; ++i) {
    check.SetClasses(i, sets[i]->labels);
    Progress progress(0, "pictures", arguments.Has(kQuiet));
    check.interrupted = !LookAtAll(*sets[i]->samples, options, WorkersFrom(arguments), interrupt,
                                   progress, [&](SeenPicture seen) {
                                     const std::string label = sets[i]->LabelOf(seen.label);
                                     check.Add(i, std::move(seen), label);
                                   });
    if (!check.interrupted) sets[i]->RequirePictures();
  }
  output.Write(arguments.Has(kJson) ? check.JsonText() : check.Text(output.style()));
  output.Finish();
  if (check.interrupted) return kInterruptedExitCode;
  return check.broken() == 0 ? 0 : static_cast<int>(ErrorCode::kRuntime);
}

}  // namespace

const DataVerb kDataCheck = {.name = "check", .options = kOwnOptions, .run = Run};

}  // namespace mnv4::cli
