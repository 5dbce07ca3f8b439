#pragma once
/// The block tables of MobileNetV1, V2 and V3 at width 1.
/// Sources: Howard et al. 2017 (arXiv 1704.04861), Table 1; Sandler et al. 2018 (arXiv 1801.04381),
/// Table 2; Howard et al. 2019 (arXiv 1905.02244), Tables 1 and 2; as timm and the authors'
/// TensorFlow code (Model Garden, official/vision) build them.

#include "mnv4/arch/spec.h"

namespace mnv4 {

// V1: an activation after every convolution, no residuals.
inline constexpr BlockSpec kV1Blocks0[] = {
    SeparableSpec{.kernel = 3, .out = 64, .activate = true},
};
inline constexpr BlockSpec kV1Blocks1[] = {
    SeparableSpec{.kernel = 3, .out = 128, .stride = 2, .activate = true},
    SeparableSpec{.kernel = 3, .out = 128, .activate = true},
};
inline constexpr BlockSpec kV1Blocks2[] = {
    SeparableSpec{.kernel = 3, .out = 256, .stride = 2, .activate = true},
    SeparableSpec{.kernel = 3, .out = 256, .activate = true},
};
inline constexpr BlockSpec kV1Blocks3[] = {
    SeparableSpec{.kernel = 3, .out = 512, .stride = 2, .activate = true},
    SeparableSpec{.kernel = 3, .out = 512, .activate = true},
    SeparableSpec{.kernel = 3, .out = 512, .activate = true},
    SeparableSpec{.kernel = 3, .out = 512, .activate = true},
    SeparableSpec{.kernel = 3, .out = 512, .activate = true},
    SeparableSpec{.kernel = 3, .out = 512, .activate = true},
};
inline constexpr BlockSpec kV1Blocks4[] = {
    SeparableSpec{.kernel = 3, .out = 1024, .stride = 2, .activate = true},
    SeparableSpec{.kernel = 3, .out = 1024, .activate = true},
};

// V2.
inline constexpr BlockSpec kV2Blocks0[] = {
    SeparableSpec{.kernel = 3, .out = 16},
};
inline constexpr BlockSpec kV2Blocks1[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 24, .stride = 2},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 24},
};
inline constexpr BlockSpec kV2Blocks2[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 32, .stride = 2},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 32},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 32},
};
inline constexpr BlockSpec kV2Blocks3[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 64, .stride = 2},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 64},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 64},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 64},
};
inline constexpr BlockSpec kV2Blocks4[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 96},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 96},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 96},
};
inline constexpr BlockSpec kV2Blocks5[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 160, .stride = 2},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 160},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 160},
};
inline constexpr BlockSpec kV2Blocks6[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 320},
};

// V3-Large.
inline constexpr BlockSpec kV3LargeBlocks0[] = {
    SeparableSpec{.kernel = 3, .out = 16, .activation = Activation::kRelu},
};
inline constexpr BlockSpec kV3LargeBlocks1[] = {
    InvertedResidualSpec{
        .kernel = 3, .expand = 4, .out = 24, .stride = 2, .activation = Activation::kRelu},
    InvertedResidualSpec{.kernel = 3, .expand = 3, .out = 24, .activation = Activation::kRelu},
};
inline constexpr BlockSpec kV3LargeBlocks2[] = {
    InvertedResidualSpec{.kernel = 5,
                         .expand = 3,
                         .out = 40,
                         .stride = 2,
                         .squeeze = 0.25,
                         .activation = Activation::kRelu},
    InvertedResidualSpec{
        .kernel = 5, .expand = 3, .out = 40, .squeeze = 0.25, .activation = Activation::kRelu},
    InvertedResidualSpec{
        .kernel = 5, .expand = 3, .out = 40, .squeeze = 0.25, .activation = Activation::kRelu},
};
inline constexpr BlockSpec kV3LargeBlocks3[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 80, .stride = 2},
    InvertedResidualSpec{.kernel = 3, .expand = 2.5, .out = 80},
    InvertedResidualSpec{.kernel = 3, .expand = 2.3, .out = 80},
    InvertedResidualSpec{.kernel = 3, .expand = 2.3, .out = 80},
};
inline constexpr BlockSpec kV3LargeBlocks4[] = {
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 112, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 112, .squeeze = 0.25},
};
inline constexpr BlockSpec kV3LargeBlocks5[] = {
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 160, .stride = 2, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 160, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 160, .squeeze = 0.25},
};

// V3-Small.
inline constexpr BlockSpec kV3SmallBlocks0[] = {
    SeparableSpec{
        .kernel = 3, .out = 16, .stride = 2, .squeeze = 0.25, .activation = Activation::kRelu},
};
inline constexpr BlockSpec kV3SmallBlocks1[] = {
    InvertedResidualSpec{
        .kernel = 3, .expand = 4.5, .out = 24, .stride = 2, .activation = Activation::kRelu},
    InvertedResidualSpec{.kernel = 3, .expand = 3.67, .out = 24, .activation = Activation::kRelu},
};
inline constexpr BlockSpec kV3SmallBlocks2[] = {
    InvertedResidualSpec{.kernel = 5, .expand = 4, .out = 40, .stride = 2, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 40, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 40, .squeeze = 0.25},
};
inline constexpr BlockSpec kV3SmallBlocks3[] = {
    InvertedResidualSpec{.kernel = 5, .expand = 3, .out = 48, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 3, .out = 48, .squeeze = 0.25},
};
inline constexpr BlockSpec kV3SmallBlocks4[] = {
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 96, .stride = 2, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 96, .squeeze = 0.25},
    InvertedResidualSpec{.kernel = 5, .expand = 6, .out = 96, .squeeze = 0.25},
};
inline constexpr BlockSpec kV3SmallLastConv[] = {
    ConvSpec{.kernel = 1, .out = 576},
};

}  // namespace mnv4
