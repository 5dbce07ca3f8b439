#pragma once
/// The block tables of the five published MobileNetV4, and of a sixth for segmentation; then all
/// published networks in one list.
/// Source: Qin et al. 2024 (arXiv 2404.10518), Tables 11-15, in the form that was released: the
/// authors' TensorFlow code (Model Garden, official/vision) and timm agree row by row, and where
/// the paper's tables differ they do not give the parameters and MACs that it reports.

#include <span>

#include "mnv4/arch/published_v1_v3.h"
#include "mnv4/arch/spec.h"

namespace mnv4 {

// Stages that networks share.
inline constexpr BlockSpec kFusedBlocks0[] = {
    FusedIbSpec{.kernel = 3, .expand = 4, .out = 48, .stride = 2},
};

inline constexpr BlockSpec kMediumBlocks1[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 80, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 2, .out = 80},
};

inline constexpr BlockSpec kLargeBlocks1[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 96, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 96},
};

inline constexpr BlockSpec kLastConv[] = {
    ConvSpec{.kernel = 1, .out = 960},
};

// Conv-S. The paper draws the pairs of stages 0 and 1 as fused blocks; as released each is two
// convolutions, with an activation after both.
inline constexpr BlockSpec kConvSmallBlocks0[] = {
    ConvSpec{.kernel = 3, .out = 32, .stride = 2},
    ConvSpec{.kernel = 1, .out = 32},
};

inline constexpr BlockSpec kConvSmallBlocks1[] = {
    ConvSpec{.kernel = 3, .out = 96, .stride = 2},
    ConvSpec{.kernel = 1, .out = 64},
};

inline constexpr BlockSpec kConvSmallBlocks2[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 3, .out = 96, .stride = 2},
    UibSpec{.dw_mid = 3, .expand = 2, .out = 96},
    UibSpec{.dw_mid = 3, .expand = 2, .out = 96},
    UibSpec{.dw_mid = 3, .expand = 2, .out = 96},
    UibSpec{.dw_mid = 3, .expand = 2, .out = 96},
    UibSpec{.dw_start = 3, .expand = 4, .out = 96},
};

inline constexpr BlockSpec kConvSmallBlocks3[] = {
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 6, .out = 128, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_mid = 5, .expand = 3, .out = 128},
    UibSpec{.dw_mid = 3, .expand = 4, .out = 128},
    UibSpec{.dw_mid = 3, .expand = 4, .out = 128},
};

// Conv-M.
inline constexpr BlockSpec kConvMediumBlocks2[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 6, .out = 160, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
    UibSpec{.expand = 2, .out = 160},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
};

inline constexpr BlockSpec kConvMediumBlocks3[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 6, .out = 256, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 2, .out = 256},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.expand = 4, .out = 256},
    UibSpec{.expand = 4, .out = 256},
    UibSpec{.dw_start = 5, .expand = 2, .out = 256},
};

// Conv-M for segmentation: MobileNetV4ConvMediumSeg of the Model Garden, not in the paper nor in
// timm. The last stage narrows from 256 channels to 128, and the last convolution has 448.
inline constexpr BlockSpec kConvMediumSegBlocks2[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 6, .out = 160, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
};

inline constexpr BlockSpec kConvMediumSegBlocks3[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 6, .out = 256, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_start = 3, .expand = 4, .out = 128},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 2, .out = 128},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 128},
    UibSpec{.dw_start = 5, .expand = 2, .out = 128},
};

inline constexpr BlockSpec kSegLastConv[] = {
    ConvSpec{.kernel = 1, .out = 448},
};

// Conv-L. Four blocks fewer than the paper's Table 14, whose sums are not those of its Table 6.
inline constexpr BlockSpec kConvLargeBlocks2[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 192, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .expand = 4, .out = 192},
};

inline constexpr BlockSpec kConvLargeBlocks3[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
};

// Hybrid-M. Keys and values come from half the side in stage 2.
inline constexpr BlockSpec kHybridMediumBlocks2[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 6, .out = 160, .stride = 2},
    UibSpec{.expand = 2, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 160},
    MqaSpec{.heads = 4, .key_dim = 64, .kv_stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    MqaSpec{.heads = 4, .key_dim = 64, .kv_stride = 2},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
    MqaSpec{.heads = 4, .key_dim = 64, .kv_stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 160},
    MqaSpec{.heads = 4, .key_dim = 64, .kv_stride = 2},
    UibSpec{.dw_start = 3, .expand = 4, .out = 160},
};

inline constexpr BlockSpec kHybridMediumBlocks3[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 6, .out = 256, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 256},
    UibSpec{.expand = 2, .out = 256},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 2, .out = 256},
    UibSpec{.expand = 2, .out = 256},
    UibSpec{.expand = 4, .out = 256},
    MqaSpec{.heads = 4, .key_dim = 64},
    UibSpec{.dw_start = 3, .expand = 4, .out = 256},
    MqaSpec{.heads = 4, .key_dim = 64},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 256},
    MqaSpec{.heads = 4, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 256},
    MqaSpec{.heads = 4, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 256},
};

// Hybrid-L.
inline constexpr BlockSpec kHybridLargeBlocks2[] = {
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 192, .stride = 2},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 3, .dw_mid = 5, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    MqaSpec{.heads = 8, .key_dim = 48, .kv_stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    MqaSpec{.heads = 8, .key_dim = 48, .kv_stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    MqaSpec{.heads = 8, .key_dim = 48, .kv_stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 192},
    MqaSpec{.heads = 8, .key_dim = 48, .kv_stride = 2},
    UibSpec{.dw_start = 3, .expand = 4, .out = 192},
};

inline constexpr BlockSpec kHybridLargeBlocks3[] = {
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512, .stride = 2},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 3, .expand = 4, .out = 512},
    UibSpec{.dw_start = 5, .dw_mid = 5, .expand = 4, .out = 512},
    MqaSpec{.heads = 8, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    MqaSpec{.heads = 8, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    MqaSpec{.heads = 8, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
    MqaSpec{.heads = 8, .key_dim = 64},
    UibSpec{.dw_start = 5, .expand = 4, .out = 512},
};

#if !defined(__SANITIZE_ADDRESS__)  // with which g++ 12 takes no address in a constant expression
static_assert(KindOf(kConvSmallBlocks3[0]) == BlockKind::kExtraDw);
static_assert(KindOf(kHybridLargeBlocks2[14]) == BlockKind::kConvNext);
#endif

/// What stands before a width in a name: "mobilenetv2" of "mobilenetv2_140".
struct PublishedNetwork {
  const char* name = nullptr;
  Family family = Family::kV4;
  int stem = 0;  ///< channels
  int head = 1280;
  Activation activation = Activation::kRelu;
  bool layer_scale = false;
  std::span<const BlockSpec> stages[7] = {};  ///< empty ones are none
};

inline constexpr PublishedNetwork kPublished[] = {
    {.name = "mobilenetv4_conv_small",
     .stem = 32,
     .stages = {kConvSmallBlocks0, kConvSmallBlocks1, kConvSmallBlocks2, kConvSmallBlocks3,
                kLastConv}},
    {.name = "mobilenetv4_conv_medium",
     .stem = 32,
     .stages = {kFusedBlocks0, kMediumBlocks1, kConvMediumBlocks2, kConvMediumBlocks3, kLastConv}},
    {.name = "mobilenetv4_conv_medium_seg",
     .stem = 32,
     .activation = Activation::kRelu6,
     .stages = {kFusedBlocks0, kMediumBlocks1, kConvMediumSegBlocks2, kConvMediumSegBlocks3,
                kSegLastConv}},
    {.name = "mobilenetv4_conv_large",
     .stem = 24,
     .stages = {kFusedBlocks0, kLargeBlocks1, kConvLargeBlocks2, kConvLargeBlocks3, kLastConv}},
    {.name = "mobilenetv4_hybrid_medium",
     .stem = 32,
     .layer_scale = true,
     .stages = {kFusedBlocks0, kMediumBlocks1, kHybridMediumBlocks2, kHybridMediumBlocks3,
                kLastConv}},
    {.name = "mobilenetv4_hybrid_large",
     .stem = 24,
     .activation = Activation::kGelu,
     .layer_scale = true,
     .stages = {kFusedBlocks0, kLargeBlocks1, kHybridLargeBlocks2, kHybridLargeBlocks3, kLastConv}},
    {.name = "mobilenetv1",
     .family = Family::kV1,
     .stem = 32,
     .head = 0,
     .activation = Activation::kRelu6,
     .stages = {kV1Blocks0, kV1Blocks1, kV1Blocks2, kV1Blocks3, kV1Blocks4}},
    {.name = "mobilenetv2",
     .family = Family::kV2,
     .stem = 32,
     .activation = Activation::kRelu6,
     .stages = {kV2Blocks0, kV2Blocks1, kV2Blocks2, kV2Blocks3, kV2Blocks4, kV2Blocks5,
                kV2Blocks6}},
    {.name = "mobilenetv3_large",
     .family = Family::kV3,
     .stem = 16,
     .activation = Activation::kHardSwish,
     .stages = {kV3LargeBlocks0, kV3LargeBlocks1, kV3LargeBlocks2, kV3LargeBlocks3, kV3LargeBlocks4,
                kV3LargeBlocks5, kLastConv}},
    {.name = "mobilenetv3_small",
     .family = Family::kV3,
     .stem = 16,
     .head = 1024,
     .activation = Activation::kHardSwish,
     .stages = {kV3SmallBlocks0, kV3SmallBlocks1, kV3SmallBlocks2, kV3SmallBlocks3, kV3SmallBlocks4,
                kV3SmallLastConv}},
};

}  // namespace mnv4
