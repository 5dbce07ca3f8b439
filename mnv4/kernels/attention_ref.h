#pragma once
/// Reference attention: the softmax of one query and head at a time, in double.

#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

/// softmax(scale * q . k) of one query pixel into weights[tokens of k]; `q` and `first` address
/// the query's and the keys' channel 0 of the head.
inline void AttentionRefWeights(const AttentionProblem& p, const float* query, int q_first,
                                const float* k, int k_first, int image, double* weights) {
  const int d = p.q.c / p.heads, tokens = p.k.h * p.k.w;
  double highest = -std::numeric_limits<double>::infinity(), total = 0;
  for (int t = 0; t < tokens; ++t) {
    const float* key = k + p.k.Offset(0, image, t / p.k.w, t % p.k.w);
    double sum = 0;
    for (int i = 0; i < d; ++i) {
      sum += static_cast<double>(query[ChannelOffset(p.q, q_first + i)]) *
             key[ChannelOffset(p.k, k_first + i)];
    }
    weights[t] = p.scale * sum;
    highest = std::max(highest, weights[t]);
  }
  for (int t = 0; t < tokens; ++t) total += weights[t] = std::exp(weights[t] - highest);
  for (int t = 0; t < tokens; ++t) weights[t] /= total;
}

/// A unit is one row of queries of one image and head.
inline void AttentionRefRun(const AttentionProblem& p, const AttentionArgs& args, int begin,
                            int end) noexcept {
  const auto* q = static_cast<const float*>(args.q);
  const auto* v = static_cast<const float*>(args.v);
  auto* weights = static_cast<double*>(args.scratch);
  const int d = p.q.c / p.heads, tokens = p.k.h * p.k.w;
  for (int unit = begin; unit < end; ++unit) {
    const int y = unit % p.q.h, image = unit / p.q.h % p.q.n, head = unit / (p.q.h * p.q.n);
    const int first = head * d, kv_first = head / (p.heads / p.kv_heads) * d;
    for (int x = 0; x < p.q.w; ++x) {
      AttentionRefWeights(p, q + p.q.Offset(0, image, y, x), first,
                          static_cast<const float*>(args.k), kv_first, image, weights);
      const int64_t out = p.y.Offset(0, image, y, x);
      for (int i = 0; i < d; ++i) {
        double sum = 0;
        for (int t = 0; t < tokens; ++t) {
          const float* value = v + p.v.Offset(0, image, t / p.v.w, t % p.v.w);
          sum += weights[t] * value[ChannelOffset(p.v, kv_first + i)];
        }
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
    .accepts =
        [](const AttentionProblem& p) {
          return p.q.dtype == DType::kF32 && p.k.dtype == DType::kF32 && p.v.dtype == DType::kF32;
        },
    .scratch_bytes = [](const AttentionProblem& p) { return p.k.h * p.k.w * sizeof(double); },
    .units = [](const AttentionProblem& p) { return p.heads * p.q.n * p.q.h; },
    .run = AttentionRefRun,
};

}  // namespace mnv4::kernels
