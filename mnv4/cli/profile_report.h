#pragma once
/// What `mnv4 profile` measured, step by step, against what this machine could do.

#include <cstdint>
#include <string>
#include <vector>

#include "mnv4/analysis/roofline.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/terminal.h"
#include "mnv4/io/json.h"
#include "mnv4/kernels/peaks.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/plan.h"
#include "mnv4/runtime/step_facts.h"

namespace mnv4::cli {

struct ProfileSettings {
  int threads = 1;
  int batch_size = 1;
  int height = 0, width = 0;  ///< of the input, pixels
  int warmup = 0;
  int repetitions = 1;
  runtime::PlanOptions plan = {};
};

/// One timed run.
struct ProfiledRun {
  double start_ms = 0;  ///< since the first one began
  double ms = 0;
  std::vector<double> step_ms;
};

/// One step over all runs.
struct ProfiledStep {
  std::string layer;  ///< "blocks.2.0.pw_exp.conv"
  runtime::StepFacts facts;
  Roofline roofline;  ///< of one run
  double ms = 0;      ///< median
  double min_ms = 0;

  /// Of the median time: 1e9 multiply-adds and bytes a second.
  double gmacs_per_s() const { return static_cast<double>(facts.macs) / 1e6 / ms; }
  double gb_per_s() const { return static_cast<double>(facts.bytes()) / 1e6 / ms; }
};

/// All steps of one kind.
struct ProfiledKind {
  runtime::StepKind kind{};
  int steps = 0;
  int64_t macs = 0, bytes = 0;
  double ms = 0;
  double limit_ms = 0;  ///< the sum of the steps' rooflines
};

class Profile {
 public:
  /// `runs` of `plan`, at least one, each with a time per step.
  Profile(const ProfileSettings& settings, const runtime::Plan& plan, kernels::Peaks peaks,
          std::vector<ProfiledRun> runs);

  const ProfileSettings& settings() const { return settings_; }
  const kernels::Peaks& peaks() const { return peaks_; }
  const std::vector<ProfiledRun>& runs() const { return runs_; }
  const std::vector<ProfiledStep>& steps() const { return steps_; }  ///< in the order they run
  const std::vector<ProfiledKind>& kinds() const { return kinds_; }  ///< the slowest first
  double run_ms() const { return run_ms_; }                          ///< median
  /// A run less its steps, median: starting the threads, clearing the input's halo.
  double outside_ms() const { return outside_ms_; }
  /// What medians of the parts lack of the median of the whole: little where nothing disturbs.
  double uneven_ms() const { return run_ms_ - steps_ms_ - outside_ms_; }
  int64_t macs() const { return macs_; }    ///< of the batch
  int64_t bytes() const { return bytes_; }  ///< packed weights and activations
  double limit_ms() const { return limit_ms_; }

 private:
  ProfileSettings settings_;
  kernels::Peaks peaks_;
  std::vector<ProfiledRun> runs_;
  std::vector<ProfiledStep> steps_;
  std::vector<ProfiledKind> kinds_;
  double run_ms_ = 0, steps_ms_ = 0, outside_ms_ = 0, limit_ms_ = 0;
  int64_t macs_ = 0, bytes_ = 0;
};

/// How a step or a kind of them is bound: "compute" or "memory".
const char* BoundOf(const Roofline& roofline);

/// "conv 1x1 32->96 + relu".
std::string WhatText(const runtime::StepFacts& facts);
/// "83.1 GMAC/s (one thread 41.6), reading L2 150 GB/s, L3 80 GB/s, memory 21 GB/s".
std::string PeaksText(const kernels::Peaks& peaks);

/// A row a step.
Table StepTable(const Profile& profile);
std::string ProfileText(const Profile& profile, const model::Model& model, const Host& host,
                        const Style& style);
/// `header` is what RunHeader() gave.
Json ProfileJson(const Profile& profile, const Host& host, Json header,
                 const std::vector<std::string>& warnings);

}  // namespace mnv4::cli
