#include "mnv4/cli/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "mnv4/base/clock.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/picture.h"

namespace mnv4::cli {
namespace {

// Pictures decoded beyond those that the workers and the batch hold: neither stage waits while the
// other one wakes up.
constexpr int kAhead = 8;

// What `classifier` says, and how far from `logits`.
std::vector<Other> AnswersOf(Classifier& classifier, std::span<const Image> pictures,
                             std::span<const float> logits) {
  std::vector<Other> answers;
  if (pictures.empty()) return answers;  // and `logits` are older
  for (const Ranking& ranking : classifier.Classify(pictures, 1)) {
    answers.push_back({.index = ranking.front().index});
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    Other& answer = answers[i * answers.size() / logits.size()];
    const float logit = classifier.logits()[i];
    answer.difference = std::max(answer.difference, std::abs(logits[i] - logit));
    answer.largest = std::max(answer.largest, std::abs(logit));
  }
  return answers;
}

}  // namespace

Pipeline::Pipeline(const Arguments& arguments, const model::Model& model,
                   const Preprocess& preprocess, const runtime::PlanOptions& plan,
                   data::Dataset& samples, int topk, std::optional<runtime::Precision> other)
    : topk_(topk),
      batch_size_(arguments.Integer(kBatchSize)),
      workers_(WorkersFrom(arguments)),
      classifier_(model, preprocess, plan, ThreadsFrom(arguments)),
      queue_(
          samples,
          [preprocess, apply_exif = !arguments.Has(kNoExif)](const data::Sample& sample) {
            return LoadPicture(sample, preprocess, apply_exif);
          },
          workers_, workers_ + batch_size_ + kAhead) {
  if (!other) return;
  runtime::PlanOptions other_plan = plan;
  other_plan.precision = *other;
  other_.emplace(model, preprocess, other_plan, ThreadsFrom(arguments));
}

std::vector<Result> Pipeline::Next() {
  const Clock::time_point begin = Clock::now();
  std::vector<Result> results;
  std::vector<Image> pictures;
  while (static_cast<int>(results.size()) < batch_size_) {
    std::optional<Picture> picture = queue_.Next();
    if (!picture) break;
    Result& result = results.emplace_back();
    result.sample = std::move(picture->sample);
    result.error = std::move(picture->error);
    result.decode_ms = picture->decode_ms;
    if (result.error.empty()) pictures.push_back(std::move(picture->pixels));
  }
  const Clock::time_point start = Clock::now();
  std::vector<Ranking> rankings = classifier_.Classify(pictures, topk_);
  const double each_ms = MillisecondsSince(start) / static_cast<double>(rankings.size());
  std::vector<Other> others;
  if (other_) others = AnswersOf(*other_, pictures, classifier_.logits());
  auto ranking = rankings.begin();
  for (Result& result : results) {
    decode_ms_ += result.decode_ms;
    if (!result.error.empty()) continue;
    if (other_) result.other = others[static_cast<size_t>(ranking - rankings.begin())];
    result.best = std::move(*ranking++);
    result.network_ms = each_ms;
    network_ms_ += each_ms;
  }
  pictures_ += static_cast<int64_t>(results.size());
  seconds_ += MillisecondsSince(begin) / 1e3;
  return results;
}

std::string Pipeline::Costs() const {
  const double count = std::max(static_cast<double>(pictures_), 1.0);
  return fmt::format(
      "{} pictures in {:.2f} s ({:.1f}/s); each: decode {:.2f} ms on one of {} workers, network "
      "{:.2f} ms; peak memory {:.1f} MB",
      pictures_, seconds_, pictures_ / seconds_, decode_ms_ / count, workers_, network_ms_ / count,
      PeakRssMb());
}

}  // namespace mnv4::cli
