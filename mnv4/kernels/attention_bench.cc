// The attentions of the hybrid networks, in float32 and where it serves in fp16: MAC/s of both
// products, softmax included in the time, and their share of float32's peak.
// MNV4_ISA caps the instruction set. A wrong result is an error.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/attention_ref.h"
#include "mnv4/kernels/bench_rates.h"
#include "mnv4/kernels/layer_shapes.h"

namespace mnv4::kernels {
namespace {

AttentionProblem ProblemOf(const AttentionLayer& layer, DType dtype) {
  const Desc queries = {.dtype = dtype,
                        .n = 1,
                        .h = layer.size,
                        .w = layer.size,
                        .c = layer.heads * layer.dim,
                        .halo = {}};
  const Desc keys = {
      .dtype = dtype, .n = 1, .h = layer.kv_size, .w = layer.kv_size, .c = layer.dim, .halo = {}};
  return {.q = queries,
          .k = keys,
          .v = keys,
          .y = queries,
          .heads = layer.heads,
          .kv_heads = 1,
          .scale = 1 / std::sqrt(static_cast<float>(layer.dim))};
}

AlignedBuffer RandomTensor(const Desc& desc, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  AlignedBuffer buffer(desc.bytes());
  for (int64_t i = 0; i < desc.elements(); ++i) {
    StoreElement(desc, buffer.data(), i, normal(random));
  }
  return buffer;
}

bool IsRight(const AttentionProblem& p, const AttentionArgs& args) {
  const AlignedBuffer expected(p.y.bytes()), scratch(kAttentionRef.scratch_bytes(p));
  AttentionArgs reference = args;
  reference.y = expected.data();
  reference.scratch = scratch.data();
  kAttentionRef.run(p, reference, 0, kAttentionRef.units(p));
  const double bound = p.y.dtype == DType::kF16 ? 2e-2 : 1e-4;
  for (int64_t i = 0; i < p.y.elements(); ++i) {
    const double error = ElementAt(p.y, args.y, i) - ElementAt(p.y, expected.data(), i);
    if (!(std::abs(error) < bound)) return false;
  }
  return true;
}

void Layer(benchmark::State& state, const AttentionLayer& layer, DType dtype) {
  const AttentionProblem p = ProblemOf(layer, dtype);
  const IsaSet isa = dtype == DType::kF16 ? HostIsa().Without(Isa::kAmx) : HostIsa();
  const auto table = AttentionKernels(isa);
  const AttentionKernel& kernel =
      *std::find_if(table.begin(), table.end(),
                    [&](const AttentionKernel& candidate) { return candidate.accepts(p); });
  const AlignedBuffer q = RandomTensor(p.q, 1), k = RandomTensor(p.k, 2), v = RandomTensor(p.v, 3);
  const AlignedBuffer y(p.y.bytes()), scratch(kernel.scratch_bytes(p));
  const AttentionArgs args = {
      .q = q.data(), .k = k.data(), .v = v.data(), .y = y.data(), .scratch = scratch.data()};
  for ([[maybe_unused]] auto iteration : state) kernel.run(p, args, 0, kernel.units(p));
  if (!IsRight(p, args)) state.SkipWithError("differs from the reference");

  CountMacs(state, 2.0 * p.q.h * p.q.w * p.k.h * p.k.w * p.q.c);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(2 * p.q.bytes() + 2 * p.k.bytes()));
  state.SetLabel(kernel.name);
}

const bool kRegistered = [] {
  for (const DType dtype : {DType::kF32, DType::kF16}) {
    const bool fp16 = dtype == DType::kF16;
    if (fp16 && !HostIsa().Has(Isa::kFp16) && !HostIsa().Has(Isa::kNeonFp16)) continue;
    for (const AttentionLayer& layer : kAttentionLayers) {
      const auto name = fmt::format("Attention{}/{}x{}/heads {} x {}", fp16 ? "Fp16" : "",
                                    layer.size * layer.size, layer.kv_size * layer.kv_size,
                                    layer.heads, layer.dim);
      benchmark::RegisterBenchmark(
          name.c_str(), [&layer, dtype](benchmark::State& s) { Layer(s, layer, dtype); });
    }
  }
  return true;
}();

}  // namespace
}  // namespace mnv4::kernels
