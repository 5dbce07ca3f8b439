// One table per target, chosen by the instruction sets one may use. Tables end in the references.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/kernel_tables.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/attention_ref.h"
#include "mnv4/kernels/conv_ref.h"
#include "mnv4/kernels/pointwise_ref.h"
#include "mnv4/kernels/pool_ref.h"
#include "mnv4/kernels/rows-inl.h"

#ifndef MNV4_KERNELS_TABLES
#define MNV4_KERNELS_TABLES
namespace mnv4::kernels {
namespace {
struct Tables {
  std::span<const ConvKernel> conv;
  std::span<const AttentionKernel> attention;
  std::span<const PoolKernel> pool;
  std::span<const PointwiseKernel> pointwise;
};
}  // namespace
}  // namespace mnv4::kernels
#endif

namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

const Tables& TargetTables() {
  static const ConvKernel conv[] = {
      kPointwiseConv,     kDenseConv,  kStemConv,          kDepthwise3,
      kDepthwise3Stride2, kDepthwise5, kDepthwise5Stride2, kConvRef};
  static const AttentionKernel attention[] = {kAttention, kAttentionRef};
  static const PoolKernel pool[] = {kPool, kPoolRef};
  static const PointwiseKernel pointwise[] = {kPointwise, kPointwiseRef};
  static const Tables tables = {conv, attention, pool, pointwise};
  return tables;
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE

#if HWY_ONCE
namespace mnv4::kernels {
namespace {

const Tables& TablesFor(IsaSet isa) {
#if HWY_TARGETS & HWY_AVX3
  if (isa.Has(Isa::kAvx512)) return N_AVX3::TargetTables();
#endif
#if HWY_TARGETS & HWY_AVX2
  if (isa.Has(Isa::kAvx2)) return N_AVX2::TargetTables();
#endif
#if HWY_TARGETS & HWY_SSE4
  if (isa.Has(Isa::kSse4)) return N_SSE4::TargetTables();
#endif
#if HWY_TARGETS & HWY_NEON
  if (isa.Has(Isa::kNeon)) return N_NEON::TargetTables();
#endif
  static const Tables references = {
      {&kConvRef, 1}, {&kAttentionRef, 1}, {&kPoolRef, 1}, {&kPointwiseRef, 1}};
  return references;
}

}  // namespace

std::span<const ConvKernel> ConvKernels(IsaSet isa) { return TablesFor(isa).conv; }
std::span<const AttentionKernel> AttentionKernels(IsaSet isa) { return TablesFor(isa).attention; }
std::span<const PoolKernel> PoolKernels(IsaSet isa) { return TablesFor(isa).pool; }
std::span<const PointwiseKernel> PointwiseKernels(IsaSet isa) { return TablesFor(isa).pointwise; }

}  // namespace mnv4::kernels
#endif
