#pragma once
/// A model: its network, weights, preprocessing and labels, from any form people have it in.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mnv4/arch/spec.h"
#include "mnv4/base/tensor.h"
#include "mnv4/graph/graph.h"
#include "mnv4/image/image.h"

namespace mnv4::model {

struct Model {
  NetworkSpec spec;
  Preprocess preprocess;
  std::vector<std::string> labels;  ///< to show, by class index; empty if the file has none
  TensorMap weights;                ///< timm's names
  bool random_weights = false;      ///< a zoo name without weights: the deterministic fill
  std::string tag;                  ///< "e2400_r224_in1k"; may be empty
  std::string source;               ///< the path or name it was loaded from

  // Kept so that what was read is written back:
  std::vector<std::string> label_names;  ///< the file's own ("n01440764"; "": none); empty: labels
  int test_height = 0, test_width = 0;   ///< timm's test_input_size; 0: none
  double test_crop_pct = 0;              ///< 0: none
  std::string license;

  /// The bound, unoptimised graph at one input shape.
  Graph GraphFor(int n, int h, int w) const;
};

/// What callers may change while loading (timm's create_model arguments of the same names).
struct LoadOptions {
  std::optional<int> num_classes = {};  ///< other than the file's: the classifier is zero-filled
  std::optional<int> in_chans = {};     ///< other than the file's: the stem is adapted as timm does
  std::optional<int> output_stride = {};
  std::optional<int> img_size = {};  ///< input side, pixels
  bool allow_random_weights = true;  ///< false: a zoo name without weights is an error
};

/// Loads by what people type: a timm / Hugging Face folder, a single .safetensors file, a network
/// text file, a zoo name ("conv_small", "mobilenetv4_conv_small.e2400_r224_in1k"), or
/// "hf-hub:timm/..." looked up in the Hugging Face cache on disk. Throws Error.
Model Load(const std::string& name, const LoadOptions& options = {});
/// A single file in memory, which must outlive the model.
Model LoadFromMemory(std::span<const std::byte> bytes, const std::string& name,
                     const LoadOptions& options = {});

/// config.json + model.safetensors, as timm's save_for_hf writes and timm loads.
void SaveFolder(const Model& model, const std::string& folder);
/// Our single file: safetensors whose __metadata__ holds the same configuration.
void SaveFile(const Model& model, const std::string& path);

}  // namespace mnv4::model
