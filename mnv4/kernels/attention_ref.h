#pragma once
/// Reference attention: the softmax of one query and head at a time, in double.

#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

/// Channels [first, first + count) of pixels [begin, end) of an image: [pixel][count].
inline void AttentionRefRead(const Desc& desc, const void* data, int image, int begin, int end,
                             int first, int count, double* out) {
  for (int pixel = begin; pixel < end; ++pixel) {
    const int64_t at = desc.Offset(0, image, pixel / desc.w, pixel % desc.w);
    for (int c = first; c < first + count; ++c) {
      *out++ = ElementAt(desc, data, at + ChannelOffset(desc, c));
    }
  }
}

/// softmax(scale * q . k) of one query into weights[tokens of k].
inline void AttentionRefWeights(const AttentionProblem& p, const double* query, const double* keys,
                                double* weights) {
  const int d = p.q.c / p.heads, tokens = p.k.h * p.k.w;
  double highest = -std::numeric_limits<double>::infinity(), total = 0;
  for (int t = 0; t < tokens; ++t) {
    double sum = 0;
    for (int i = 0; i < d; ++i) sum += query[i] * keys[t * d + i];
    weights[t] = p.scale * sum;
    highest = std::max(highest, weights[t]);
  }
  for (int t = 0; t < tokens; ++t) total += weights[t] = std::exp(weights[t] - highest);
  for (int t = 0; t < tokens; ++t) weights[t] /= total;
}

/// A unit is one row of queries of one image and head.
inline void AttentionRefRun(const AttentionProblem& p, const AttentionArgs& args, int begin,
                            int end) noexcept {
  const int d = p.q.c / p.heads, tokens = p.k.h * p.k.w;
  auto* const keys = static_cast<double*>(args.scratch);
  double* const values = keys + tokens * d;
  double* const weights = values + tokens * d;
  double* const queries = weights + tokens;
  for (int unit = begin; unit < end; ++unit) {
    const int y = unit % p.q.h, image = unit / p.q.h % p.q.n, head = unit / (p.q.h * p.q.n);
    const int first = head * d, kv_first = head / (p.heads / p.kv_heads) * d;
    AttentionRefRead(p.k, args.k, image, 0, tokens, kv_first, d, keys);
    AttentionRefRead(p.v, args.v, image, 0, tokens, kv_first, d, values);
    AttentionRefRead(p.q, args.q, image, y * p.q.w, (y + 1) * p.q.w, first, d, queries);
    for (int x = 0; x < p.q.w; ++x) {
      AttentionRefWeights(p, queries + x * d, keys, weights);
      const int64_t out = p.y.Offset(0, image, y, x);
      for (int i = 0; i < d; ++i) {
        double sum = 0;
        for (int t = 0; t < tokens; ++t) sum += weights[t] * values[t * d + i];
        StoreElement(p.y, args.y, out + ChannelOffset(p.y, first + i), sum);
      }
      if (head + 1 < p.heads) continue;
      for (int c = p.y.c; c < StoredChannels(p.y); ++c) {
        StoreElement(p.y, args.y, out + ChannelOffset(p.y, c), 0);
      }
    }
  }
}

inline constexpr AttentionKernel kAttentionRef = {
    .name = "attention-ref",
    .needs = Isa::kScalar,
    .x_type = DType::kF32,
    .accepts = [](const AttentionProblem&) { return true; },
    .scratch_bytes = [](const AttentionProblem& p) -> size_t {
      const int64_t d = p.q.c / p.heads, tokens = int64_t{p.k.h} * p.k.w;
      return static_cast<size_t>(tokens * (2 * d + 1) + p.q.w * d) * sizeof(double);
    },
    .units = [](const AttentionProblem& p) { return p.heads * p.q.n * p.q.h; },
    .run = AttentionRefRun,
};

}  // namespace mnv4::kernels
