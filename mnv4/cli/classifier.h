#pragma once
/// Batches of pictures to ranked classes.

#include <memory>
#include <span>
#include <vector>

#include "mnv4/base/isa.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/image/image.h"
#include "mnv4/model/model.h"
#include "mnv4/model/top_k.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {

/// The classes of one picture, best first.
using Ranking = std::vector<model::RankedClass>;

/// A model ready for batches of any number of pictures. Belongs to one thread at a time.
class Classifier {
 public:
  /// `model` must outlive it. Pictures have the size, mean and std of `preprocess`.
  Classifier(const model::Model& model, const Preprocess& preprocess,
             const runtime::PlanOptions& options, int threads);

  /// The `topk` best classes of each picture, in their order. Throws Error(kRuntime) if the network
  /// gives what is not a number.
  std::vector<Ranking> Classify(std::span<const Image> pictures, int topk);
  /// Of all pictures of the last call, [pictures, classes].
  std::span<const float> logits() const { return logits_; }

 private:
  Preprocess preprocess_;
  runtime::Engine engine_;
  ThreadPool pool_;
  std::unique_ptr<runtime::Session> session_;  // for as many pictures as the last batch had
  std::vector<float> logits_;
};

}  // namespace mnv4::cli
