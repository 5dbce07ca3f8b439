#pragma once
/// The page of `mnv4 data preview`: pictures as the network gets them in training.

#include <cstdint>
#include <string>
#include <vector>

#include "mnv4/data/transform.h"
#include "mnv4/image/pixels.h"

namespace mnv4::cli {

/// "random crop of 8 % to 100 % of the picture, ...; left-right flip with probability 0.5; ..."
std::string TransformText(const data::Transform& transform);

/// One sample of a training set.
struct PreviewRow {
  std::string key, label;
  std::string error = {};        ///< why it cannot be shown; "" if it can
  int width = 0, height = 0;     ///< of the picture
  Image original = {};           ///< the picture, made smaller
  std::vector<Image> seen = {};  ///< in epoch 1, 2, ...
};

class PreviewPage {
 public:
  struct About {
    std::string data, recipe;  ///< names
    data::Transform transform;
    std::string mixing = {};  ///< what is done to batches: "Mixup and CutMix"; "": nothing
    uint64_t seed = 0;
    int64_t pictures = 0;  ///< of the set
    int classes = 0;       ///< 0: nobody knows
    int epochs = 0;        ///< shown
  };
  explicit PreviewPage(About about);

  void Add(const PreviewRow& row);
  std::string Page() const;

 private:
  About about_;
  int shown_ = 0;
  std::string rows_;
};

}  // namespace mnv4::cli
