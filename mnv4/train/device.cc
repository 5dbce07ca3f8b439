#include "mnv4/train/device.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <thread>

#include "mnv4/base/error.h"

namespace mnv4::train {
namespace {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
void SetAutocast(torch::DeviceType device, bool on) {
  at::autocast::set_autocast_enabled(device, on);
  at::autocast::set_autocast_dtype(device, torch::kBFloat16);
}
#else
void SetAutocast(torch::DeviceType device, bool on) {
  if (device == torch::kCUDA) {
    at::autocast::set_enabled(on);
    at::autocast::set_autocast_gpu_dtype(torch::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    at::autocast::set_autocast_cpu_dtype(torch::kBFloat16);
  }
}
#endif

}  // namespace

void SetUpLibTorch(int threads) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
  at::set_num_threads(threads > 0 ? threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  at::set_num_interop_threads(1);
  if (auto* set =
          reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set(1);
  }
}

torch::Device DeviceOf(const std::string& name) {
  try {
    const torch::Device device(name);
    if (device.is_cuda()) {
      const auto count = static_cast<int>(torch::cuda::device_count());
      if (std::max<int>(device.index(), 0) >= count) {
        throw Error(ErrorCode::kUnsupported,
                    fmt::format("train.device: {}, but this LibTorch sees {} GPUs", name, count));
      }
    }
    return device;
  } catch (const c10::Error&) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("train.device: '{}', expected cpu, cuda or cuda:N", name));
  }
}

Autocast::Autocast(torch::Device device, bool bf16) : device_(device.type()), on_(bf16) {
  if (on_) SetAutocast(device_, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  SetAutocast(device_, false);
  at::autocast::clear_cache();
}

}  // namespace mnv4::train
