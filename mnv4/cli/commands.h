#pragma once
/// The verbs, one file each.

#include "mnv4/cli/command.h"

namespace mnv4::cli {

extern const Command kList, kInfo, kRun, kPreprocess, kClassify, kEval, kBench, kProfile, kTrain,
    kData, kDoctor, kVersion;

}  // namespace mnv4::cli
