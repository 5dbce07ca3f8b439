// Source: timm's registry of pretrained weights and its published ImageNet results.

#include "mnv4/arch/arch.h"

namespace mnv4 {
namespace {

// What the two booleans of a row say.
constexpr bool kImageNet = false, kHalf = true;
constexpr bool kNotOnHub = false, kOnHub = true;

// Architecture, tag, classes, size and crop, test size and crop, mean and std, top-1 at each.
constexpr PretrainedTag kTags[] = {
    {"mobilenetv4_conv_small_035", "untrained", 1000, 224, 0.875, 256, 0.95, kHalf, 0, 0,
     kNotOnHub},
    {"mobilenetv4_conv_small_050", "e3000_r224_in1k", 1000, 224, 0.875, 256, 0.95, kHalf, 64.778,
     65.826, kOnHub},
    {"mobilenetv4_conv_small", "e2400_r224_in1k", 1000, 224, 0.875, 256, 0.95, kImageNet, 73.756,
     74.644, kOnHub},
    {"mobilenetv4_conv_small", "e1200_r224_in1k", 1000, 224, 0.875, 256, 0.95, kImageNet, 73.450,
     74.282, kOnHub},
    {"mobilenetv4_conv_small", "e3600_r256_in1k", 1000, 256, 0.95, 320, 1.0, kHalf, 74.534, 75.616,
     kOnHub},
    {"mobilenetv4_conv_medium", "e500_r256_in1k", 1000, 256, 0.95, 320, 1.0, kImageNet, 79.916,
     80.890, kOnHub},
    {"mobilenetv4_conv_medium", "e500_r224_in1k", 1000, 224, 0.95, 256, 1.0, kImageNet, 79.092,
     79.836, kOnHub},
    {"mobilenetv4_conv_medium", "e250_r384_in12k_ft_in1k", 1000, 384, 0.95, 0, 0, kImageNet, 82.776,
     0, kOnHub},
    {"mobilenetv4_conv_medium", "e180_r384_in12k", 11821, 384, 1.0, 0, 0, kImageNet, 0, 0, kOnHub},
    {"mobilenetv4_conv_medium", "e180_ad_r384_in12k", 11821, 384, 1.0, 0, 0, kImageNet, 0, 0,
     kOnHub},
    {"mobilenetv4_conv_medium", "e250_r384_in12k", 11821, 384, 1.0, 0, 0, kImageNet, 0, 0, kOnHub},
    {"mobilenetv4_conv_large", "e600_r384_in1k", 1000, 384, 0.95, 448, 1.0, kImageNet, 82.974,
     83.418, kOnHub},
    {"mobilenetv4_conv_large", "e500_r256_in1k", 1000, 256, 0.95, 320, 1.0, kImageNet, 81.864,
     82.672, kOnHub},
    {"mobilenetv4_hybrid_medium_075", "untrained", 1000, 224, 0.95, 0, 0, kImageNet, 0, 0,
     kNotOnHub},
    {"mobilenetv4_hybrid_medium", "e200_r256_in12k_ft_in1k", 1000, 256, 0.95, 320, 1.0, kImageNet,
     82.360, 82.998, kOnHub},
    {"mobilenetv4_hybrid_medium", "ix_e550_r256_in1k", 1000, 256, 0.95, 320, 1.0, kImageNet, 81.478,
     82.500, kOnHub},
    {"mobilenetv4_hybrid_medium", "ix_e550_r384_in1k", 1000, 384, 0.95, 448, 1.0, kImageNet, 82.952,
     83.390, kOnHub},
    {"mobilenetv4_hybrid_medium", "e500_r224_in1k", 1000, 224, 0.95, 256, 1.0, kImageNet, 80.432,
     81.284, kOnHub},
    {"mobilenetv4_hybrid_medium", "e200_r256_in12k", 11821, 256, 0.95, 320, 1.0, kImageNet, 0, 0,
     kOnHub},
    {"mobilenetv4_hybrid_large_075", "untrained", 1000, 256, 0.95, 0, 0, kImageNet, 0, 0,
     kNotOnHub},
    {"mobilenetv4_hybrid_large", "ix_e600_r384_in1k", 1000, 384, 0.95, 448, 1.0, kImageNet, 83.996,
     84.352, kOnHub},
    {"mobilenetv4_hybrid_large", "e600_r384_in1k", 1000, 384, 0.95, 448, 1.0, kImageNet, 83.826,
     84.264, kOnHub},
    {"mobilenetv4_conv_aa_medium", "untrained", 1000, 256, 0.95, 0, 0, kImageNet, 0, 0, kNotOnHub},
    {"mobilenetv4_conv_blur_medium", "e500_r224_in1k", 1000, 224, 0.95, 256, 1.0, kImageNet, 79.446,
     80.152, kOnHub},
    {"mobilenetv4_conv_aa_large", "e230_r448_in12k_ft_in1k", 1000, 448, 0.95, 544, 1.0, kImageNet,
     84.668, 84.990, kOnHub},
    {"mobilenetv4_conv_aa_large", "e230_r384_in12k_ft_in1k", 1000, 384, 0.95, 480, 1.0, kImageNet,
     84.314, 84.772, kOnHub},
    {"mobilenetv4_conv_aa_large", "e600_r384_in1k", 1000, 384, 0.95, 480, 1.0, kImageNet, 83.264,
     83.826, kOnHub},
    {"mobilenetv4_conv_aa_large", "e230_r384_in12k", 11821, 384, 0.95, 448, 1.0, kImageNet, 0, 0,
     kOnHub},
};

}  // namespace

std::span<const PretrainedTag> PretrainedTags() { return kTags; }

}  // namespace mnv4
