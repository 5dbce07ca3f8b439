#pragma once
/// The classic picture of a profile: multiply-adds a second over multiply-adds a byte, under the
/// machine's ceilings.

#include <string>

#include "mnv4/cli/profile_report.h"

namespace mnv4::cli {

/// A CSS colour for steps of a kind, readable on light and dark ground.
const char* ColourOf(runtime::StepKind kind);

/// An SVG. Steps without multiply-adds are left out; a circle's area is the step's time.
std::string RooflineChart(const Profile& profile);

}  // namespace mnv4::cli
