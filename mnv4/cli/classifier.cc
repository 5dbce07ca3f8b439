#include "mnv4/cli/classifier.h"

#include <algorithm>
#include <cmath>

#include "mnv4/base/error.h"

namespace mnv4::cli {

Classifier::Classifier(const model::Model& model, const Preprocess& preprocess,
                       const runtime::PlanOptions& options, int threads)
    : preprocess_(preprocess),
      engine_([&model](int n, int h, int w) { return model.GraphFor(n, h, w); }, options),
      pool_(threads) {}

std::vector<Ranking> Classifier::Classify(std::span<const Image> pictures, int topk) {
  if (pictures.empty()) return {};
  const int n = static_cast<int>(pictures.size());
  if (session_ == nullptr || session_->plan().input_shape()[0] != n) {
    session_ = nullptr;  // first, so that two arenas never exist together
    session_ = std::make_unique<runtime::Session>(
        engine_.PlanFor(n, preprocess_.height, preprocess_.width, &pool_), pool_);
  }
  for (int i = 0; i < n; ++i) {
    const runtime::Session::Input input = session_->input(i);
    Normalize(pictures[static_cast<size_t>(i)].view(), preprocess_, input.data, input.row_stride,
              input.pixel_stride, 1);
  }
  session_->Run();
  logits_.resize(session_->OutputSize("logits"));
  session_->CopyOutput("logits", logits_);
  if (std::any_of(logits_.begin(), logits_.end(), [](float x) { return std::isnan(x); })) {
    throw Error(ErrorCode::kRuntime, "the network's output is not a number: damaged weights?");
  }

  const size_t classes = logits_.size() / pictures.size();
  std::vector<Ranking> rankings;
  for (size_t i = 0; i < pictures.size(); ++i) {
    rankings.push_back(model::TopK(std::span(logits_).subspan(i * classes, classes), topk));
  }
  return rankings;
}

}  // namespace mnv4::cli
