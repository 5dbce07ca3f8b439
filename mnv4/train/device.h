#pragma once
/// LibTorch's own settings, and the two precisions of a forward pass.

#include <torch/types.h>

#include <string>

namespace mnv4::train {

/// Once, before the first tensor: `threads` threads for LibTorch's operators (0: all CPUs) and one
/// for BLAS, whose own pool would spin beside them; freed memory is kept, because giving it back to
/// the system after every tensor makes a step up to twice as slow.
void SetUpLibTorch(int threads);

/// "cpu", "cuda", "cuda:1". Throws Error(kUnsupported) for a GPU that is not there.
torch::Device DeviceOf(const std::string& name);

/// While alive, convolutions and products are computed in bf16 where LibTorch's autocast does so.
class Autocast {
 public:
  Autocast(torch::Device device, bool bf16);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  torch::DeviceType device_;
  bool on_;
};

}  // namespace mnv4::train
