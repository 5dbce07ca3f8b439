// Every distinct convolution of the published networks, by the first row of the table that takes
// it, in float32 and where it serves in 16 bits: MAC/s, their share of float32's peak, and
// bytes moved. MNV4_ISA caps the instruction set. A wrong result is an error.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/bench_rates.h"
#include "mnv4/kernels/conv_ref.h"
#include "mnv4/kernels/layer_shapes.h"

namespace mnv4::kernels {
namespace {

ConvProblem ProblemOf(const ConvLayer& layer, DType dtype) {
  const int pad = layer.side / 2, out = (layer.size + 2 * pad - layer.side) / layer.stride + 1;
  const bool stem = layer.c_in == 3;
  ConvProblem p;
  p.x = {.layout = stem ? Layout::kNhwc : Layout::kC16,
         .n = 1,
         .h = layer.size,
         .w = layer.size,
         .c = layer.c_in,
         .halo = {}};
  p.pad = {pad, pad, pad, pad};
  if (!layer.depthwise) p.x.halo = p.pad;
  p.y = {.n = 1, .h = out, .w = out, .c = layer.c_out, .halo = {}};
  p.kernel = {layer.side, layer.side};
  p.stride = {layer.stride, layer.stride};
  p.groups = layer.depthwise ? layer.c_in : 1;
  p.activation = Activation::kRelu;
  if (!stem) p.x.dtype = dtype;
  p.y.dtype = dtype;
  return p;
}

// Takes x as the kernel wants it, but for the picture.
const ConvKernel& ChooseKernel(ConvProblem& p) {
  IsaSet isa = HostIsa();
  if (p.y.dtype != DType::kF16) isa = isa.Without(Isa::kFp16).Without(Isa::kNeonFp16);
  if (p.y.dtype != DType::kBF16 || !MayUseTiles()) isa = isa.Without(Isa::kAmx);
  const std::span<const ConvKernel> table = ConvKernels(isa);
  for (const ConvKernel& kernel : table) {
    ConvProblem wanted = p;
    if (p.x.layout != Layout::kNhwc) wanted.x.layout = kernel.x;
    if (kernel.x != wanted.x.layout || !kernel.accepts(wanted)) continue;
    p = wanted;
    return kernel;
  }
  return table.back();
}

// The first and the last row of output against the reference.
bool IsRight(const ConvProblem& p, const ConvArgs& args, const float* oihw) {
  const AlignedBuffer packed(kConvRef.packed_bytes(p)), expected(p.y.bytes());
  kConvRef.pack(p, oihw, {}, {}, packed.data());
  ConvArgs reference = args;
  reference.packed = packed.data();
  reference.y = expected.data();
  for (const int unit : {0, CountRowUnits(p.y) - 1}) {
    kConvRef.run(p, reference, unit, unit + 1, 1);
    const RowUnit row = RowUnitAt(p.y, unit);
    const int64_t first = p.y.Offset(row.block, row.image, row.y, 0);
    for (int64_t i = first; i < first + int64_t{p.y.w} * kBlock; ++i) {
      const double value = ElementAt(p.y, expected.data(), i);
      const double error = ElementAt(p.y, args.y, i) - value;
      // In 16 bits weights are rounded too.
      const double bound = p.y.dtype == DType::kF32 ? 1e-3 : 0.05 + std::abs(value) / 64;
      if (!(std::abs(error) < bound)) return false;
    }
  }
  return true;
}

void Layer(benchmark::State& state, const ConvLayer& layer, DType dtype) {
  ConvProblem p = ProblemOf(layer, dtype);
  const ConvKernel& kernel = ChooseKernel(p);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  const AlignedBuffer x(p.x.bytes()), y(p.y.bytes()), scratch(kernel.scratch_bytes(p));
  for (int pixel = 0; pixel < p.x.h * p.x.w; ++pixel) {  // halo and excess lanes stay zero
    const int64_t at = p.x.Offset(0, 0, pixel / p.x.w, pixel % p.x.w);
    for (int c = 0; c < p.x.c; ++c) {
      StoreElement(p.x, x.data(), at + ChannelOffset(p.x, c), uniform(random));
    }
  }
  std::vector<float> oihw(ConvRefWeights(p));
  for (float& weight : oihw) weight = uniform(random);

  // Inference finds its weights in L3, not in L2, so every repetition takes another copy.
  const size_t packed_bytes = kernel.packed_bytes(p);
  std::vector<AlignedBuffer> copies;
  while (copies.size() < 2 || copies.size() * packed_bytes < (4 << 20)) {
    copies.emplace_back(packed_bytes);
    kernel.pack(p, oihw.data(), {}, {}, copies.back().data());
  }
  ConvArgs args = {.x = x.data(), .y = y.data(), .scratch = scratch.data()};
  const int units = kernel.units(p, 1);
  size_t turn = 0;
  for ([[maybe_unused]] auto iteration : state) {
    args.packed = copies[turn++ % copies.size()].data();
    const std::byte* const next = copies[turn % copies.size()].data();
    if (kernel.first_weights != nullptr) args.next = kernel.first_weights(p, next, 0, 1);
    kernel.run(p, args, 0, units, 1);
  }
  if (!IsRight(p, args, oihw.data())) state.SkipWithError("differs from the reference");

  CountMacs(state, static_cast<double>(oihw.size()) * p.y.h * p.y.w);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(packed_bytes + p.x.bytes() + p.y.bytes()));
  state.SetLabel(kernel.name);
}

const bool kRegistered = [] {
  const IsaSet isa = HostIsa();
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    if (dtype == DType::kBF16 && !isa.Has(Isa::kBf16)) continue;
    if (dtype == DType::kF16 && !isa.Has(Isa::kFp16) && !isa.Has(Isa::kNeonFp16)) continue;
    for (const ConvLayer& layer : kConvLayers) {
      const auto name =
          fmt::format("Conv{6}/{0}x{0}x{1}->{2}/k{3}s{4}{5}", layer.size, layer.c_in, layer.c_out,
                      layer.side, layer.stride, layer.depthwise ? "/depthwise" : "",
                      dtype == DType::kF32    ? ""
                      : dtype == DType::kBF16 ? "Bf16"
                                              : "Fp16");
      benchmark::RegisterBenchmark(
          name.c_str(), [&layer, dtype](benchmark::State& s) { Layer(s, layer, dtype); });
    }
  }
  return true;
}();

}  // namespace
}  // namespace mnv4::kernels
