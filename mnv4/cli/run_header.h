#pragma once
/// What stands at the head of every report of timings: the program, the machine, the network.

#include <string>

#include "mnv4/analysis/layers.h"
#include "mnv4/cli/host.h"
#include "mnv4/io/json.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::cli {

/// Of one picture of that size.
Totals TotalsFor(const model::Model& model, int height, int width);

/// An object with "tool", "version", "commit", "host" and "model"; the caller adds the rest.
/// `sha256` of the weights' file, "" for random weights.
Json RunHeader(const Host& host, const model::Model& model, const std::string& sha256,
               const runtime::PlanOptions& plan, int batch_size, int height, int width);

}  // namespace mnv4::cli
