#pragma once
/// From the shared options (options.h) to models, preprocessing and plans.

#include <initializer_list>
#include <string>

#include "mnv4/cli/command.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::cli {

/// What --num-classes, --in-chans and --output-stride ask for; the verb must have all three.
model::LoadOptions NetworkOptions(const Arguments& arguments);

/// What -m calls the model the program carries, and what it is if there is no -m.
inline constexpr const char* kDefaultModelName = "default";
std::string ModelName(const Arguments& arguments);

/// The model called ModelName(). Throws Error(kUnsupported) for the default one if the program
/// carries none.
model::Model LoadModel(const Arguments& arguments, const model::LoadOptions& options);

/// LoadModel for verbs that answer: with weights and a classifier. Throws Error(kInvalidArgument).
model::Model LoadClassifier(const Arguments& arguments);

/// Says on stderr, unless --quiet, that the weights are the zoo's random ones.
void NoteRandomWeights(const Arguments& arguments, const model::Model& model);

/// The file of weights behind -m; "" for the model inside the program and random weights.
std::string WeightsFile(const Arguments& arguments, const model::Model& model);
/// SHA-256 of the weights' file, or of the model inside the program; "" for random weights.
std::string WeightsHash(const Arguments& arguments, const model::Model& model);

/// The model's preprocessing with --img-size, --crop-pct, --crop-mode, --interpolation, --mean and
/// --std in place of its own. Throws Error(kInvalidArgument) for a wrong number of channels.
Preprocess PreprocessFrom(const Arguments& arguments, Preprocess preprocess);

/// The instruction sets that --isa and $MNV4_ISA leave, --precision and --packed-cache; says on
/// stderr what becomes of `auto`, and of 16 bits that this CPU cannot multiply. Throws
/// Error(kUnsupported) for a precision that this version lacks.
runtime::PlanOptions PlanOptionsFrom(const Arguments& arguments);

/// --threads, else $MNV4_NUM_THREADS, else all CPUs.
int ThreadsFrom(const Arguments& arguments);

/// --workers, else as many as CPUs, at most 4.
int WorkersFrom(const Arguments& arguments);

/// Throws Error(kInvalidArgument) if more than one of `formats` (--json, --csv, ...) was given.
void CheckOneFormat(const Arguments& arguments, std::initializer_list<Option> formats);

}  // namespace mnv4::cli
