// mnv4 data stats: classes, sizes, formats and colours of a data set.

#include <fmt/format.h>

#include "mnv4/base/error.h"
#include "mnv4/cli/data.h"
#include "mnv4/cli/data_options.h"
#include "mnv4/cli/data_stats_report.h"
#include "mnv4/cli/data_walk.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/progress.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr Option kOwnOptions[] = {kStatsSize, kNoExif, kWorkers, kJson};

int Run(const Arguments& arguments, const std::vector<std::string>& operands) {
  const std::unique_ptr<LabelledSet> set = OpenLabelledSet(arguments, operands);
  const int img_size = arguments.Integer(kStatsSize);
  DataStats stats(set->name, img_size);
  stats.SetClasses(set->labels);
  Output output(arguments.Text(kOutput));

  const InterruptScope interrupt;
  const LookOptions options = {.apply_exif = !arguments.Has(kNoExif), .sums_at = img_size};
  Progress progress(0, "pictures", arguments.Has(kQuiet));
  stats.interrupted = !LookAtAll(*set->samples, options, WorkersFrom(arguments), interrupt,
                                 progress, [&](const SeenPicture& seen) {
                                   if (!seen.error.empty()) {
                                     progress.Clear();
                                     fmt::print(stderr, "mnv4 data: {}: {}\n",
                                                Printable(seen.key, 4096), seen.error);
                                   }
                                   stats.Add(seen, set->LabelOf(seen.label));
                                 });
  progress.Clear();
  if (!stats.interrupted) set->RequirePictures();
  output.Write(arguments.Has(kJson) ? stats.JsonText() : stats.Text(output.style()));
  output.Finish();
  if (stats.interrupted) return kInterruptedExitCode;
  return stats.broken() == 0 ? 0 : static_cast<int>(ErrorCode::kRuntime);
}

}  // namespace

const DataVerb kDataStats = {.name = "stats", .options = kOwnOptions, .run = Run};

}  // namespace mnv4::cli
