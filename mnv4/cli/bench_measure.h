#pragma once
/// Times one test of `mnv4 bench`.

#include <optional>

#include "mnv4/cli/bench_report.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/model/model.h"

namespace mnv4::cli {

/// On a fresh engine, so that the order of a sweep does not matter. nullopt if interrupted. Shows
/// how far it has come unless `quiet`.
std::optional<BenchResult> Measure(const model::Model& model, const BenchSettings& settings,
                                   const InterruptScope& interrupt, bool quiet);

}  // namespace mnv4::cli
