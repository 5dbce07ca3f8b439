#include "mnv4/kernels/pool_ref.h"
#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {
namespace {

PoolProblem Global(Desc x) { return {.x = x, .y = C16(x.n, 1, 1, x.c)}; }

PoolProblem Windows(Desc x, Padding y_halo = {}) {
  return {.x = x,
          .y = C16(x.n, x.h / 2, x.w / 2, x.c, y_halo),
          .global = false,
          .kernel = {2, 2},
          .stride = {2, 2}};
}

class PoolKernels : public testing::TestWithParam<PoolProblem> {};

TEST_P(PoolKernels, AgreeWithTheReference) {
  const PoolProblem& p = GetParam();
  const AlignedBuffer x = RandomTensor(p.x, 5);
  AlignedBuffer expected = UnwrittenTensor(p.y);
  kPoolRef.run(p, x.data(), expected.data(), 0, kPoolRef.units(p));
  for (const IsaSet isa : MachineIsas()) {
    if (!HasTypesOf(isa, {p.x, p.y})) continue;
    const PoolKernel& kernel = kernels::PoolKernels(isa).front();
    ASSERT_TRUE(kernel.accepts(p));
    AlignedBuffer y = UnwrittenTensor(p.y);
    const int units = kernel.units(p);
    kernel.run(p, x.data(), y.data(), 0, units / 2);
    kernel.run(p, x.data(), y.data(), units / 2, units);
    SCOPED_TRACE(kernel.name);
    ExpectSame(p.y, y, expected, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PoolKernels,
                         testing::Values(Global(C16(1, 7, 7, 960)), Global(C16(3, 12, 12, 17)),
                                         Global(C16(2, 1, 1, 8)), Global(AsBf16(C16(1, 7, 7, 40))),
                                         Windows(AsBf16(C16(1, 6, 8, 24))),
                                         Global(AsFp16(C16(1, 7, 7, 40))),
                                         Windows(AsFp16(C16(1, 6, 8, 24))),
                                         Global(C16(1, 3, 5, 33, {1, 1, 1, 1})),
                                         Windows(C16(1, 64, 64, 128)), Windows(C16(2, 7, 9, 24)),
                                         Windows(C16(1, 2, 3, 15, {1, 0, 2, 1}), {1, 1, 1, 1})));

}  // namespace
}  // namespace mnv4::kernels
