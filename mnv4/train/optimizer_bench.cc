// One update of all tensors of Conv-S (3.8 million numbers) and of the average of its weights, on
// ATen's threads (OMP_NUM_THREADS). Bytes: each number of value, gradient, moments or average once
// for every time it must be read or written.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "mnv4/arch/arch.h"
#include "mnv4/train/ema.h"
#include "mnv4/train/groups.h"
#include "mnv4/train/optimizer.h"

namespace mnv4::train {
namespace {

std::vector<Trained> ConvSmall() {
  std::vector<Trained> trained;
  const Graph graph = Lower(*FindArchitecture("conv_small"), 1, 224, 224);
  for (const Node& node : graph.nodes) {
    const auto* parameter = std::get_if<Parameter>(&node.op);
    if (!parameter || parameter->name.find(".running_") != std::string::npos) continue;
    const std::string& name = parameter->name;
    const Shape& shape = node.type.shape;
    at::Tensor value = at::randn(shape) * 0.1;
    if (shape.size() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
    value.set_requires_grad(true);
    value.mutable_grad() = at::randn_like(value.detach());
    trained.push_back({.name = name,
                       .value = value,
                       .decay = TakesDecay(DecayFilter::kGarden, name, shape),
                       .l2 = TakesL2(name, shape)});
  }
  return trained;
}

int64_t SizeBytes(const std::vector<Trained>& trained) {
  int64_t bytes = 0;
  for (const Trained& t : trained) bytes += t.value.numel() * 4;
  return bytes;
}

bool AllFinite(const std::vector<Trained>& trained) {
  for (const Trained& t : trained) {
    if (!at::isfinite(t.value.detach()).all().item<bool>()) return false;
  }
  return true;
}

void BM_Step(benchmark::State& state, OptimizerKind kind, int passes) {
  const std::vector<Trained> trained = ConvSmall();
  const auto optimizer =
      MakeOptimizer({.kind = kind, .weight_decay = 0.01, .eps = 1e-6, .l2 = 1e-5}, trained);
  for (auto _ : state) optimizer->Step(1e-5);
  if (!AllFinite(trained)) state.SkipWithError("not finite");
  state.SetBytesProcessed(state.iterations() * passes * SizeBytes(trained));
}
BENCHMARK_CAPTURE(BM_Step, adamw_keras, OptimizerKind::kAdamWKeras, 7)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Step, adamw, OptimizerKind::kAdamW, 7)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Step, sgd, OptimizerKind::kSgd, 5)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Step, rmsprop, OptimizerKind::kRmsPropTf, 7)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Step, lamb, OptimizerKind::kLamb, 10)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_Ema(benchmark::State& state) {
  const std::vector<Trained> trained = ConvSmall();
  TensorDict live;
  for (const Trained& t : trained) live[t.name] = t.value;
  Ema ema({}, live);
  int64_t step = 0;
  for (auto _ : state) ema.Update(++step);
  state.SetBytesProcessed(state.iterations() * 3 * SizeBytes(trained));
}
BENCHMARK(BM_Ema)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_Clip(benchmark::State& state) {
  const std::vector<Trained> trained = ConvSmall();
  double norm = 0;
  for (auto _ : state) norm = ClipGradients(trained, 1e9);
  if (!(norm > 1000 && norm < 4000)) state.SkipWithError("not the norm of normal numbers");
  state.SetBytesProcessed(state.iterations() * SizeBytes(trained));
}
BENCHMARK(BM_Clip)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mnv4::train
