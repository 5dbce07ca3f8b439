// mnv4 version: what this program is.

#include <fmt/format.h>

#include "mnv4/base/isa.h"
#include "mnv4/cli/build_info.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/default_model.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/io/json.h"
#include "mnv4/model/model.h"

namespace mnv4::cli {
namespace {

constexpr Option kOptions[] = {kJson};

int Run(const Arguments& arguments) {
  const BuildInfo build = DescribeBuild();
  const std::span<const std::byte> bytes = DefaultModel();
  Json model;
  std::string model_text = "none";
  if (!bytes.empty()) {
    const model::Model loaded = model::LoadFromMemory(bytes, kDefaultModelName);
    model.Add("name", loaded.spec.name);
    model.Add("classes", loaded.spec.num_classes);
    model.Add("bytes", bytes.size());
    model_text = fmt::format("{}, {} classes, {:.1f} MB", loaded.spec.name, loaded.spec.num_classes,
                             static_cast<double>(bytes.size()) / 1e6);
  }

  Output output;
  if (arguments.Has(kJson)) {
    output.Write(ToString(Json(Json::Object{{"version", build.version},
                                            {"commit", build.commit},
                                            {"compiler", build.compiler},
                                            {"build", build.type},
                                            {"isa", ToString(HostIsa())},
                                            {"default_model", model}}),
                          2) +
                 '\n');
  } else {
    output.Write(fmt::format(
        "mnv4 {}\n"
        "commit    {}\n"
        "compiler  {}, {}\n"
        "isa       {}\n"
        "default   {}\n",
        build.version, build.commit, build.compiler, build.type, ToString(HostIsa()), model_text));
  }
  output.Finish();
  return 0;
}

}  // namespace

const Command kVersion = {.name = "version",
                          .summary = "version, commit, instruction sets of this machine",
                          .options = kOptions,
                          .example = "mnv4 version --json",
                          .run = Run};

}  // namespace mnv4::cli
