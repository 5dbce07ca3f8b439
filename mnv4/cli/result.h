#pragma once
/// What a classifier says about one picture.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/data/sample.h"
#include "mnv4/model/top_k.h"

namespace mnv4::cli {

/// The answer to the same picture in another precision.
struct Other {
  int index = 0;         ///< of the best class
  float difference = 0;  ///< largest of a logit
  float largest = 0;     ///< |logit|
};

struct Result {
  data::Sample sample;
  std::string error;  ///< why there is no answer; "" if there is one
  std::vector<model::RankedClass> best;
  std::optional<Other> other = {};
  double decode_ms = 0;   ///< reading, decoding, resizing
  double network_ms = 0;  ///< its share of its batch
};

/// Whether the picture's class is known and among the best `k` answers.
bool IsAmongBest(const Result& result, size_t k);
/// The same of the best one.
inline bool IsRight(const Result& result) { return IsAmongBest(result, 1); }

/// The name of a class, or its index as text if the model has no name for it.
std::string LabelOf(const std::vector<std::string>& labels, int index);
/// The right classes by name: "owl", "owl or cat".
std::string TruthText(const Result& result, const std::vector<std::string>& labels);

}  // namespace mnv4::cli
