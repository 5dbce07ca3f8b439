#include "mnv4/train/ema.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/train/tensor_dict.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {
namespace {

template <class T>
struct Followed {
  const T* live;
  T* average;
};

// All pairs in plain memory of element type T, in one pass.
template <class T>
class InMemory {
 public:
  void Add(const at::Tensor& live, const at::Tensor& average) {
    tensors_.push_back({live.data_ptr<T>(), average.data_ptr<T>()});
    sizes_.push_back(live.numel());
  }
  void Lerp(double weight) const {
    const auto lerp = UpdateKernelsFor<T>(HostIsa()).lerp;
    ForEachPiece(CutIntoPieces(sizes_), [&](const Piece& piece) {
      const Followed<T>& t = tensors_[piece.tensor];
      lerp(weight, t.live + piece.begin, t.average + piece.begin, piece.end - piece.begin);
    });
  }

 private:
  std::vector<Followed<T>> tensors_;
  std::vector<int64_t> sizes_;
};

}  // namespace

double EmaDecay(const EmaOptions& options, int64_t step) {
  if (step < options.start_step) return 0;
  if (!options.dynamic) return options.decay;
  const auto k = static_cast<double>(step - options.start_step);
  return std::min(options.decay, (1 + k) / (10 + k));
}

Ema::Ema(const EmaOptions& options, TensorDict live) : options_(options), live_(std::move(live)) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : live_) {
    MNV4_CHECK(tensor.is_floating_point());
    averages_[name] = tensor.detach().clone();
  }
}

void Ema::Update(int64_t step) {
  const at::NoGradGuard no_grad;
  const double decay = EmaDecay(options_, step);
  InMemory<float> floats;
  InMemory<double> doubles;
  for (const auto& [name, live] : live_) {
    const at::Tensor& average = averages_.at(name);
    if (decay == 0) {
      average.copy_(live);  // exactly, which a + (w - a) is not
    } else if (!IsPlainMemory(live) || !SameLayout(live, average)) {
      average.lerp_(live, 1 - decay);
    } else if (live.scalar_type() == at::kFloat) {
      floats.Add(live, average);
    } else {
      doubles.Add(live, average);
    }
  }
  floats.Lerp(1 - decay);
  doubles.Lerp(1 - decay);
}

void Ema::Load(const TensorDict& state) {
  CheckState(averages_, state);
  CopyState(averages_, state);
}

void Ema::Swap() {
  const at::NoGradGuard no_grad;
  for (auto& [name, live] : live_) {
    const at::Tensor& average = averages_.at(name);
    const at::Tensor before = live.detach().clone();
    live.copy_(average);
    average.copy_(before);
  }
}

}  // namespace mnv4::train
