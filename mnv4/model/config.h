#pragma once
/// config.json of timm and Hugging Face folders, to and from a Model.

#include <optional>
#include <string>
#include <string_view>

#include "mnv4/arch/arch.h"
#include "mnv4/model/model.h"

namespace mnv4::model {

inline constexpr size_t kMaxConfigBytes = 16 << 20;  ///< 21,000 labels and descriptions take 2 MB
inline constexpr int kMaxSide = 8192;                ///< input height and width, pixels
inline constexpr int kMaxInChans = 1024;
inline constexpr int kMaxClasses = 1 << 20;

/// Everything of a Model but its weights and source. Both forms of the file are read: with
/// `pretrained_cfg`, and the older one with the same fields at the top. What is absent or null is
/// as in timm: 3 x 224 x 224, bicubic, crop_pct 0.875, center, ImageNet's mean and std, 1000
/// classes.
///
/// `network` is the network text that travels with the weights, if one does. It decides; the
/// architecture, if it is one of the zoo, and model_args must not say otherwise.
///
/// Throws Error(kInvalidFile): "<name>: <JSON path>: found, wanted". Unknown keys are refused with
/// the nearest known one, but for those that timm and Hugging Face write beside what is read here.
Model ParseConfig(std::string_view text, const std::string& name,
                  const std::optional<NetworkSpec>& network);

/// What an architecture is without a configuration: the preprocessing of `tag`, or the defaults.
Model DefaultConfig(NetworkSpec spec, const PretrainedTag* tag);

/// The text of config.json as timm 1.0.31's save_for_hf writes it; `indent` as in io/json.h.
std::string PrintConfig(const Model& model, int indent);

/// `values` for `channels` channels as timm fits them: one for all, one for each, or else their
/// mean.
std::vector<double> FitChannels(const std::vector<double>& values, int channels);

/// Whether config.json alone says this network: a zoo architecture and model_args. Others need
/// their network text beside it.
bool ConfigNames(const NetworkSpec& spec);

}  // namespace mnv4::model
