// One table per target, chosen by the instruction sets one may use. Tables end in the references.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/kernel_tables.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include <vector>

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
  std::span<const ConvKernel> stored = {};
};
}  // namespace
}  // namespace mnv4::kernels
#endif

namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

const Tables& TargetTables() {
  static const ConvKernel conv[] = {
#if HWY_TARGET != HWY_NEON  // nobody has measured it there
    kStrassenConv,
#endif
    kPointwiseConv,
    kWinogradConv[0],
    kWinogradConv[1],
    kDenseConv,
    kStemConv,
    kDepthwise[0],
    kDepthwise[1],
    kDepthwise[2],
    kDepthwise[3],
    kConvRef
  };
  static const AttentionKernel attention[] = {kAttention, kAttentionRef};
  static const PoolKernel pool[] = {kPool, kPoolRef};
  static const PointwiseKernel pointwise[] = {kPointwise, kPointwiseRef};
  static const Tables tables = {conv, attention, pool, pointwise, kStoredConv};
  return tables;
}

#if HWY_TARGET == HWY_AVX3
const Tables& Bf16Tables() {
  static const ConvKernel conv[] = {kPointwiseConvBf16, kDenseConvBf16,     kStemConvBf16,
                                    kDepthwiseBf16[0],  kDepthwiseBf16[1],  kDepthwiseBf16[2],
                                    kDepthwiseBf16[3],  kDepthwiseLines[0], kDepthwiseLines[1],
                                    kDepthwiseLines[2], kDepthwiseLines[3], kPointwiseConv,
                                    kWinogradConv[0],   kWinogradConv[1],   kDenseConv,
                                    kStemConv,          kDepthwise[0],      kDepthwise[1],
                                    kDepthwise[2],      kDepthwise[3],      kConvRef};
  static const PoolKernel pool[] = {kPoolBf16, kPoolRef};
  static const PointwiseKernel pointwise[] = {kPointwiseBf16, kPointwiseRef};
  static const Tables tables = {conv, TargetTables().attention, pool, pointwise};
  return tables;
}

// Dense layers on tiles, all others as on vectors.
const Tables& TileTables() {
  static const std::vector<ConvKernel> conv = [] {
    std::vector<ConvKernel> rows(std::begin(kTileConv), std::end(kTileConv));
    rows.insert(rows.end(), Bf16Tables().conv.begin(), Bf16Tables().conv.end());
    return rows;
  }();
  static const Tables tables = {conv, Bf16Tables().attention, Bf16Tables().pool,
                                Bf16Tables().pointwise};
  return tables;
}
#endif

#ifdef MNV4_TARGET_FP16
const Tables& Fp16Tables() {
  static const ConvKernel conv[] = {kPointwiseConvFp16, kWinogradConvFp16, kDenseConvFp16,
                                    kStemConvFp16,      kDepthwiseFp16[0], kDepthwiseFp16[1],
                                    kDepthwiseFp16[2],  kDepthwiseFp16[3], kFloatConvFp16[0],
                                    kWinogradConv[0],   kWinogradConv[1],  kFloatConvFp16[1],
                                    kFloatConvFp16[2],  kDepthwise[0],     kDepthwise[1],
                                    kDepthwise[2],      kDepthwise[3],     kConvRef};
  static const AttentionKernel attention[] = {kAttentionFp16, kAttention, kAttentionRef};
  static const PoolKernel pool[] = {kPoolFp16, kPoolRef};
  static const PointwiseKernel pointwise[] = {kPointwiseFp16, kPointwiseRef};
  static const Tables tables = {conv, attention, pool, pointwise};
  return tables;
}
#endif

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE

#if HWY_ONCE
namespace mnv4::kernels {
namespace {

// Of sets with several 16-bit arithmetics: tiles, then fp16.
const Tables& TablesFor(IsaSet isa) {
#if HWY_TARGETS & HWY_AVX3
  if (isa.Has(Isa::kAmx) && isa.Has(Isa::kBf16)) return N_AVX3::TileTables();
  if (isa.Has(Isa::kFp16)) return N_AVX3::Fp16Tables();
  if (isa.Has(Isa::kBf16)) return N_AVX3::Bf16Tables();
  if (isa.Has(Isa::kAvx512)) return N_AVX3::TargetTables();
#endif
#if HWY_TARGETS & HWY_AVX2
  if (isa.Has(Isa::kAvx2)) return N_AVX2::TargetTables();
#endif
#if HWY_TARGETS & HWY_SSE4
  if (isa.Has(Isa::kSse4)) return N_SSE4::TargetTables();
#endif
#if HWY_TARGETS & HWY_NEON
  if (isa.Has(Isa::kNeonFp16)) return N_NEON::Fp16Tables();
  if (isa.Has(Isa::kNeon)) return N_NEON::TargetTables();
#endif
  static const Tables references = {
      {&kConvRef, 1}, {&kAttentionRef, 1}, {&kPoolRef, 1}, {&kPointwiseRef, 1}};
  return references;
}

}  // namespace

std::span<const ConvKernel> ConvKernels(IsaSet isa) { return TablesFor(isa).conv; }
std::span<const ConvKernel> StoredConvKernels(IsaSet isa) { return TablesFor(isa).stored; }
std::span<const AttentionKernel> AttentionKernels(IsaSet isa) { return TablesFor(isa).attention; }
std::span<const PoolKernel> PoolKernels(IsaSet isa) { return TablesFor(isa).pool; }
std::span<const PointwiseKernel> PointwiseKernels(IsaSet isa) { return TablesFor(isa).pointwise; }

}  // namespace mnv4::kernels
#endif
