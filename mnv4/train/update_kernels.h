#pragma once
/// The arithmetic of optimizers and of the weights' average on plain memory, one pass each, so that
/// a step costs what reading and writing its operands costs. Needs no LibTorch.
///
/// All of them are elementwise, so a result does not depend on how tensors are cut into stretches;
/// the sums are exact in order for a given cut.

#include <cstdint>

#include "mnv4/base/isa.h"

namespace mnv4::train {

/// Consecutive elements of a weight, its gradient and up to two moments.
template <class T>
struct Stretch {
  T* w = nullptr;
  const T* g = nullptr;
  T* a = nullptr;  ///< first moment, momentum buffer
  T* b = nullptr;  ///< second moment
  int64_t size = 0;
};

// In all rules g stands for g + l2 * w.

/// m += (1 - beta1) (g - m), v += (1 - beta2) (g^2 - v),
/// w = keep * w - rate * m / (root_scale * sqrt(v) + eps).
struct AdamRule {
  double l2 = 0, keep = 1, beta1 = 0, beta2 = 0, root_scale = 1, eps = 0, rate = 0;
};

/// a = momentum * a + g, w -= rate * a, or w -= rate * (g + momentum * a); no `a`: w -= rate * g.
struct SgdRule {
  double l2 = 0, momentum = 0, rate = 0;
  bool nesterov = false;
};

/// b += (1 - rho) (g^2 - b), a = momentum * a + rate * g / sqrt(b + eps), w -= a.
struct RmsPropRule {
  double l2 = 0, rho = 0, momentum = 0, eps = 0, rate = 0;
};

/// m and v as in AdamRule; the update is u = m_scale * m / (root_scale * sqrt(v) + eps) + decay *
/// w.
struct LambRule {
  double l2 = 0, beta1 = 0, beta2 = 0, m_scale = 1, root_scale = 1, eps = 0, decay = 0;
};

struct SquareSums {
  double w = 0, u = 0;
};

template <class T>
struct UpdateKernels {
  void (*adam)(const AdamRule&, const Stretch<T>&) noexcept;
  void (*sgd)(const SgdRule&, const Stretch<T>&) noexcept;
  void (*rms_prop)(const RmsPropRule&, const Stretch<T>&) noexcept;
  SquareSums (*lamb_moments)(const LambRule&, const Stretch<T>&) noexcept;  ///< leaves w as it is
  void (*lamb_apply)(const LambRule&, double rate, const Stretch<T>&) noexcept;  ///< w -= rate * u
  /// average += weight * (w - average)
  void (*lerp)(double weight, const T* w, T* average, int64_t size) noexcept;
  double (*square_sum)(const T* x, int64_t size) noexcept;
};

/// The fastest kernels for T = float or double that `isa` allows.
template <class T>
const UpdateKernels<T>& UpdateKernelsFor(IsaSet isa);

}  // namespace mnv4::train
