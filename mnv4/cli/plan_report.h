#pragma once
/// A plan as `mnv4 info --plan` shows it: what runs, in what order, on which memory.

#include <string>

#include "mnv4/cli/terminal.h"
#include "mnv4/io/json.h"
#include "mnv4/kernels/kernel.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::cli {

/// "C16", with its halo "C16+1" or, of different sides, "C16+0/0/1/1": top, left, bottom, right.
std::string LayoutText(const kernels::Desc& desc);

/// A line of totals and a row a step.
std::string PlanText(const runtime::Plan& plan, const runtime::PlanOptions& options,
                     const Style& style);
Json PlanJson(const runtime::Plan& plan, const runtime::PlanOptions& options);

}  // namespace mnv4::cli
