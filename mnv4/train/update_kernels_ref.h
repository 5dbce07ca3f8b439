#pragma once
/// update_kernels.h one element at a time: what its tests compare with, and what runs where there
/// is no SIMD.

#include <cmath>

#include "mnv4/train/update_kernels.h"

namespace mnv4::train {

template <class T>
void AdamRef(const AdamRule& r, const Stretch<T>& s) noexcept {
  for (int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + T(r.l2) * s.w[i];
    s.a[i] = T(r.beta1) * s.a[i] + T(1 - r.beta1) * g;
    s.b[i] = T(r.beta2) * s.b[i] + T(1 - r.beta2) * g * g;
    s.w[i] = T(r.keep) * s.w[i] -
             T(r.rate) * (s.a[i] / (T(r.root_scale) * std::sqrt(s.b[i]) + T(r.eps)));
  }
}

template <class T>
void SgdRef(const SgdRule& r, const Stretch<T>& s) noexcept {
  for (int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + T(r.l2) * s.w[i];
    T update = g;
    if (s.a) {
      s.a[i] = T(r.momentum) * s.a[i] + g;
      update = r.nesterov ? T(r.momentum) * s.a[i] + g : s.a[i];
    }
    s.w[i] -= T(r.rate) * update;
  }
}

template <class T>
void RmsPropRef(const RmsPropRule& r, const Stretch<T>& s) noexcept {
  for (int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + T(r.l2) * s.w[i];
    s.b[i] = T(r.rho) * s.b[i] + T(1 - r.rho) * g * g;
    s.a[i] = T(r.momentum) * s.a[i] + T(r.rate) * (g / std::sqrt(s.b[i] + T(r.eps)));
    s.w[i] -= s.a[i];
  }
}

template <class T>
T LambUpdateRef(const LambRule& r, T w, T m, T v) noexcept {
  return T(r.m_scale) * m / (T(r.root_scale) * std::sqrt(v) + T(r.eps)) + T(r.decay) * w;
}

template <class T>
SquareSums LambMomentsRef(const LambRule& r, const Stretch<T>& s) noexcept {
  SquareSums sums;
  for (int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + T(r.l2) * s.w[i];
    s.a[i] = T(r.beta1) * s.a[i] + T(1 - r.beta1) * g;
    s.b[i] = T(r.beta2) * s.b[i] + T(1 - r.beta2) * g * g;
    const double u = LambUpdateRef(r, s.w[i], s.a[i], s.b[i]), w = s.w[i];
    sums.w += w * w;
    sums.u += u * u;
  }
  return sums;
}

template <class T>
void LambApplyRef(const LambRule& r, double rate, const Stretch<T>& s) noexcept {
  for (int64_t i = 0; i < s.size; ++i) {
    s.w[i] -= T(rate) * LambUpdateRef(r, s.w[i], s.a[i], s.b[i]);
  }
}

template <class T>
void LerpRef(double weight, const T* w, T* average, int64_t size) noexcept {
  for (int64_t i = 0; i < size; ++i) average[i] += T(weight) * (w[i] - average[i]);
}

template <class T>
double SquareSumRef(const T* x, int64_t size) noexcept {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += double(x[i]) * double(x[i]);
  return sum;
}

template <class T>
inline constexpr UpdateKernels<T> kUpdateRef = {AdamRef<T>,        SgdRef<T>,       RmsPropRef<T>,
                                                LambMomentsRef<T>, LambApplyRef<T>, LerpRef<T>,
                                                SquareSumRef<T>};

}  // namespace mnv4::train
