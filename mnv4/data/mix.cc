#include "mnv4/data/mix.h"

#include <algorithm>
#include <cmath>

#include "mnv4/base/check.h"

namespace mnv4::data {
namespace {

// Garden divides two Gamma variates of the same rate alpha: the rates cancel, alpha has no effect.
double DrawLambda(double alpha, Profile profile, Random& random) {
  return profile == Profile::kGarden ? random.Unit() : random.Beta(alpha, alpha);
}

MixedSample DrawCutMix(double lambda, int height, int width, Profile profile, Random& random) {
  const double side = std::sqrt(1 - lambda);  // of the box, as a part of the picture's
  const int width_or_height = profile == Profile::kGarden ? height : width;
  const int box_h = static_cast<int>(side * height),
            box_w = static_cast<int>(side * width_or_height);
  const int y = static_cast<int>(random.Below(height)), x = static_cast<int>(random.Below(width));
  MixedSample mixed;
  mixed.top = std::max(0, y - box_h / 2);
  mixed.left = std::max(0, x - box_w / 2);
  mixed.bottom = std::min(height, y + box_h / 2);
  mixed.right = std::min(width, x + box_w / 2);
  // Garden counts what the box would have covered, were it nowhere cut off.
  const double pasted = profile == Profile::kGarden
                            ? double{1} * box_h * box_w
                            : double{1} * (mixed.bottom - mixed.top) * (mixed.right - mixed.left);
  mixed.lambda_labels = static_cast<float>(1 - pasted / (double{1} * height * width));
  return mixed;
}

// A row of one picture from the rows that both had before.
void MixRow(const MixedSample& mixed, int y, int width, int channels, const float* own,
            const float* partner, float* out) {
  const int size = width * channels;
  const float lambda = mixed.lambda_pixels;
  if (lambda != 1) {
    for (int i = 0; i < size; ++i) out[i] = own[i] * lambda + partner[i] * (1 - lambda);
  }
  if (y < mixed.top || y >= mixed.bottom) return;
  std::copy(partner + mixed.left * channels, partner + mixed.right * channels,
            out + mixed.left * channels);
}

}  // namespace

std::vector<MixedSample> DrawMix(const Mix& mix, int n, int height, int width, Random random) {
  const bool may_mixup = mix.mixup_alpha > 0, may_cutmix = mix.cutmix_alpha > 0;
  if ((!may_mixup && !may_cutmix) || !random.Chance(mix.probability)) return {};
  const bool cutmix = may_cutmix && (!may_mixup || random.Chance(mix.switch_probability));
  const auto draw = [&] {
    const double alpha = cutmix ? mix.cutmix_alpha : mix.mixup_alpha;
    const double lambda = DrawLambda(alpha, mix.profile, random);
    if (cutmix) return DrawCutMix(lambda, height, width, mix.profile, random);
    const auto both = static_cast<float>(lambda);
    return MixedSample{.lambda_pixels = both, .lambda_labels = both};
  };
  if (!mix.per_sample) return std::vector<MixedSample>(n, draw());
  std::vector<MixedSample> drawn;
  for (int i = 0; i < n; ++i) drawn.push_back(draw());
  return drawn;
}

void MixPixels(std::span<const MixedSample> draw, int height, int width, int channels,
               std::span<float> pixels) {
  const size_t row = size_t{1} * width * channels;
  MNV4_CHECK(pixels.size() == draw.size() * height * row);
  std::vector<float> before(2 * row);  // a row of both pictures
  for (size_t i = 0; i < draw.size() / 2; ++i) {
    const size_t j = draw.size() - 1 - i;
    for (int y = 0; y < height; ++y) {
      float* row_i = &pixels[(i * height + y) * row];
      float* row_j = &pixels[(j * height + y) * row];
      std::copy_n(row_i, row, before.data());
      std::copy_n(row_j, row, &before[row]);
      MixRow(draw[i], y, width, channels, before.data(), &before[row], row_i);
      MixRow(draw[j], y, width, channels, &before[row], before.data(), row_j);
    }
  }
}

std::vector<float> MixedTargets(std::span<const MixedSample> draw, std::span<const int> labels,
                                int classes, double smoothing) {
  MNV4_CHECK(draw.empty() || draw.size() == labels.size());
  const auto off = static_cast<float>(smoothing / classes);
  const auto on = static_cast<float>(1 - smoothing + smoothing / classes);
  std::vector<float> targets(labels.size() * classes, off);
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t j = labels.size() - 1 - i;
    const float lambda = draw.empty() ? 1 : draw[i].lambda_labels;
    MNV4_CHECK(labels[i] >= 0 && labels[i] < classes && labels[j] >= 0 && labels[j] < classes);
    float* row = &targets[i * classes];
    row[labels[i]] = labels[i] == labels[j] ? on : lambda * on + (1 - lambda) * off;
    if (labels[i] != labels[j]) row[labels[j]] = lambda * off + (1 - lambda) * on;
  }
  return targets;
}

}  // namespace mnv4::data
