#pragma once
/// Labels that say more than the data set's own: several right classes a picture, or none, as the
/// "ReaL" labels of ImageNet's validation set ("Are we done with ImageNet?", Beyer et al. 2020).

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/data/dataset.h"

namespace mnv4::data {

class RealLabels {
 public:
  /// A JSON list with a list of classes for each picture. Throws Error(kInvalidFile) naming the
  /// place of a class that is not below `classes`.
  RealLabels(const std::string& path, int classes);

  /// The right classes of a picture; none: it is to be left out. A picture called
  /// ILSVRC2012_val_00000001.* is the first of the list; one of any other name is `position`, its
  /// place in the data set from 0. Throws Error(kInvalidFile) if the list is too short.
  const std::vector<int>& Of(const std::string& key, int64_t position) const;

 private:
  std::string name_;
  std::vector<std::vector<int>> labels_;
};

/// A data set with other labels, without the pictures that have none.
class Relabelled : public Dataset {
 public:
  Relabelled(std::unique_ptr<Dataset> samples, RealLabels labels)
      : samples_(std::move(samples)), labels_(std::move(labels)) {}

  std::optional<Sample> Next() override;
  int64_t Size() const override { return samples_->Size() - left_out_; }
  /// How many pictures were left out so far.
  int64_t left_out() const { return left_out_; }

 private:
  std::unique_ptr<Dataset> samples_;
  RealLabels labels_;
  int64_t position_ = 0;
  std::atomic<int64_t> left_out_ = 0;
};

}  // namespace mnv4::data
