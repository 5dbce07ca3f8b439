#include "mnv4/cli/run_header.h"

#include "mnv4/arch/arch.h"
#include "mnv4/base/isa.h"
#include "mnv4/cli/build_info.h"

namespace mnv4::cli {

Totals TotalsFor(const model::Model& model, int height, int width) {
  return TotalsOf(LayersOf(Lower(model.spec, 1, height, width)));
}

Json RunHeader(const Host& host, const model::Model& model, const std::string& sha256,
               const runtime::PlanOptions& plan, int batch_size, int height, int width) {
  const BuildInfo build = DescribeBuild();
  const Totals totals = TotalsFor(model, height, width);
  return Json::Object{
      {"tool", "mnv4"},
      {"version", build.version},
      {"commit", build.commit},
      {"host", Json::Object{{"cpu", host.cpu},
                            {"isa", ToString(DetectIsa())},
                            {"cores", host.cores},
                            {"threads", host.threads},
                            {"governor", host.governor}}},
      {"model",
       Json::Object{{"name", model.spec.name},
                    {"sha256", sha256.empty() ? Json() : Json(sha256)},
                    {"random_weights", model.random_weights},
                    {"params", totals.cost.parameters},
                    {"macs", totals.macs()},
                    {"precision", PrecisionText(plan)},
                    {"input", Json::Array{batch_size, model.spec.in_chans, height, width}}}}};
}

}  // namespace mnv4::cli
