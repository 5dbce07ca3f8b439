#include "mnv4/train/draws.h"

#include <ATen/ops/empty.h>

#include "mnv4/data/random.h"

namespace mnv4::train {

at::Tensor DropPathMask(const Draw& draw, int64_t block, double rate, int64_t n) {
  data::Random random(draw.seed, data::Use::kDropPath, draw.step, static_cast<uint64_t>(block));
  at::Tensor mask = at::empty({n, 1, 1, 1}, at::kDouble);
  const double keep = 1 - rate;
  double* values = mask.data_ptr<double>();
  for (int64_t i = 0; i < n; ++i) values[i] = random.Chance(keep) ? 1 / keep : 0;
  return mask;
}

at::Tensor DropoutMask(const Draw& draw, double rate, int64_t n, int64_t features) {
  data::Random random(draw.seed, data::Use::kDropout, draw.step, 0);
  at::Tensor mask = at::empty({n, features}, at::kDouble);
  const double keep = 1 - rate;
  double* values = mask.data_ptr<double>();
  for (int64_t i = 0; i < mask.numel(); ++i) values[i] = random.UnitFloat() < keep ? 1 / keep : 0;
  return mask;
}

}  // namespace mnv4::train
