/// The rows that the kernel files define for each target; kernel_tables.cc joins them into tables.

#if defined(MNV4_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_ROWS_INL_H_
#undef MNV4_KERNELS_ROWS_INL_H_
#else
#define MNV4_KERNELS_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include "mnv4/kernels/kernel.h"

// What a row needs, and the end of its name: names tell the targets apart in profiles.
#undef MNV4_TARGET_ISA
#undef MNV4_TARGET_NAME
#undef MNV4_TARGET_FP16  // what rows with fp16 arithmetic need, if a target has any
#if HWY_TARGET == HWY_AVX3
#define MNV4_TARGET_ISA Isa::kAvx512
#define MNV4_TARGET_NAME "avx512"
#define MNV4_TARGET_FP16 Isa::kFp16
#elif HWY_TARGET == HWY_AVX2
#define MNV4_TARGET_ISA Isa::kAvx2
#define MNV4_TARGET_NAME "avx2"
#elif HWY_TARGET == HWY_NEON
#define MNV4_TARGET_ISA Isa::kNeon
#define MNV4_TARGET_NAME "neon"
#define MNV4_TARGET_FP16 Isa::kNeonFp16
#else
#define MNV4_TARGET_ISA Isa::kSse4
#define MNV4_TARGET_NAME "sse4"
#endif

namespace mnv4::kernels::HWY_NAMESPACE {

extern const ConvKernel kPointwiseConv, kDenseConv, kStemConv;  // dense_conv.cc
extern const ConvKernel kStrassenConv;                          // 1x1
extern const ConvKernel kWinogradConv[2];                       // in squares of 4x4 and of 2x2
extern const ConvKernel kStoredConv[4];                         // bf16, fp16: 1x1 and k x k
extern const ConvKernel kDepthwise[4];                          // 3x3 and 5x5, strides 1 and 2
#if HWY_TARGET == HWY_AVX3
extern const ConvKernel kPointwiseConvBf16, kDenseConvBf16, kStemConvBf16, kDepthwiseBf16[4];
extern const ConvKernel kDepthwiseLines[4];  // that write lines
extern const ConvKernel kTileConv[3];        // tile_conv.cc: 1x1, k x k, stem
extern const PoolKernel kPoolBf16;
extern const PointwiseKernel kPointwiseBf16;
#endif
#ifdef MNV4_TARGET_FP16
extern const ConvKernel kPointwiseConvFp16, kWinogradConvFp16, kDenseConvFp16, kStemConvFp16,
    kDepthwiseFp16[4];
/// float32 arithmetic that writes and adds fp16 too: 1x1, dense and stem.
extern const ConvKernel kFloatConvFp16[3];
extern const AttentionKernel kAttentionFp16;
extern const PoolKernel kPoolFp16;
extern const PointwiseKernel kPointwiseFp16;
#endif
extern const AttentionKernel kAttention;
extern const PoolKernel kPool;
extern const PointwiseKernel kPointwise;

}  // namespace mnv4::kernels::HWY_NAMESPACE

#endif
