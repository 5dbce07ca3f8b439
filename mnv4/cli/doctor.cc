// mnv4 doctor: what is slow or wrong on this machine, and the fix.

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/cli/build_info.h"
#include "mnv4/cli/checkup.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {
namespace {

constexpr Option kOptions[] = {kModel, kThreads, kJson};

std::string CpuFlags() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("flags") || line.starts_with("Features")) return line;
  }
  return "";
}

std::vector<Finding> Examine(const Arguments& arguments) {
  const BuildInfo build = DescribeBuild();
  const Host host = DescribeHost();
  const int threads = ThreadsFrom(arguments);
  std::vector<Finding> findings = {
      CheckBuild(
          fmt::format("mnv4 {} (commit {}), {}", build.version, build.commit, build.compiler),
          build.type),
      {.about = "machine",
       .found = fmt::format("{}, {} cores, {} CPUs", host.cpu, host.cores, host.threads),
       .fix = ""},
      CheckInstructionSets(DetectIsa(), HostIsa(), CpuFlags()),
      CheckThreads(DetectCpuLimits(), threads),
      CheckGovernor(host),
      CheckLoad(host, threads)};
  try {
    const model::Model model = LoadModel(arguments, {});
    findings.push_back({.about = "model",
                        .found = fmt::format("{}: {}", model.source, model.spec.name),
                        .fix = ""});
    findings.push_back(CheckLabels(model));
    if (const std::string file = WeightsFile(arguments, model); !file.empty()) {
      findings.push_back(CheckStorage(file));
    }
  } catch (const Error& error) {
    findings.push_back(
        {.level = Level::kProblem, .about = "model", .found = error.what(), .fix = ""});
  }
  return findings;
}

std::string Text(const std::vector<Finding>& findings, const Style& style) {
  std::string text;
  for (const Finding& finding : findings) {
    const std::string level = fmt::format("{:<8}", Name(finding.level));
    text += fmt::format("{}{:<20}{}\n",
                        finding.level == Level::kGood   ? style.Green(level)
                        : finding.level == Level::kNote ? style.Bold(level)
                                                        : style.Red(level),
                        finding.about, finding.found);
    if (!finding.fix.empty()) text += fmt::format("{:28}fix: {}\n", "", finding.fix);
  }
  return text;
}

int Run(const Arguments& arguments) {
  const std::vector<Finding> findings = Examine(arguments);
  Output output;
  if (arguments.Has(kJson)) {
    Json::Array array;
    for (const Finding& finding : findings) {
      array.push_back(Json::Object{{"level", Name(finding.level)},
                                   {"about", finding.about},
                                   {"found", finding.found},
                                   {"fix", finding.fix.empty() ? Json() : Json(finding.fix)}});
    }
    output.Write(ToString(Json(std::move(array)), 2) + '\n');
  } else {
    output.Write(Text(findings, output.style()));
  }
  output.Finish();
  const bool problem = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.level == Level::kProblem;
  });
  return problem ? static_cast<int>(ErrorCode::kRuntime) : 0;
}

}  // namespace

const Command kDoctor = {
    .name = "doctor",
    .summary = "what is slow or wrong on this machine, and the fix",
    .options = kOptions,
    .details =
        "Looks at the build, instruction sets that are missing or masked, threads against the\n"
        "affinity mask and the control group's quota, the frequency governor, other load, and the\n"
        "model: whether it loads, its labels match its classes, and how fast its file is read.\n"
        "Exit code 1 if there is a problem; notes alone give 0.",
    .example = "mnv4 doctor -m models/conv_small",
    .run = Run};

}  // namespace mnv4::cli
