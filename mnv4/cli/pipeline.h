#pragma once
/// A data set's pictures to ranked classes: decoded on workers, ahead of the network.

#include <optional>
#include <string>
#include <vector>

#include "mnv4/cli/classifier.h"
#include "mnv4/cli/command.h"
#include "mnv4/cli/picture_queue.h"
#include "mnv4/cli/result.h"

namespace mnv4::cli {

class Pipeline {
 public:
  /// `arguments` have --threads, --workers, --batch-size and --no-exif. `model` and `samples` must
  /// outlive it. With another precision, results have that one's answers beside.
  Pipeline(const Arguments& arguments, const model::Model& model, const Preprocess& preprocess,
           const runtime::PlanOptions& plan, data::Dataset& samples, int topk,
           std::optional<runtime::Precision> other = std::nullopt);

  /// The next pictures, as many as a batch holds, answered; the broken ones among them say why not.
  /// Empty after the last. Throws what the data set throws.
  std::vector<Result> Next();

  /// Pictures, broken ones included, that Next() gave, and seconds it took to give them.
  int64_t pictures() const { return pictures_; }
  double seconds() const { return seconds_; }
  /// One line: where time and memory went.
  std::string Costs() const;

 private:
  const int topk_, batch_size_, workers_;
  Classifier classifier_;
  std::optional<Classifier> other_;  // in another precision
  PictureQueue queue_;
  int64_t pictures_ = 0;
  double seconds_ = 0, decode_ms_ = 0, network_ms_ = 0;
};

}  // namespace mnv4::cli
