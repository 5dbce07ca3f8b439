#pragma once
/// What the text form of a network can say, listed once: print.cc and parse.cc both work from it.
/// Grammar: docs/network-text.md.

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "mnv4/arch/spec.h"

namespace mnv4::text {

/// A value that is written as one of a few words.
template <class Value>
struct Word {
  const char* text;
  Value value;
};

inline constexpr Word<Family> kFamilies[] = {{"mobilenetv1", Family::kV1},
                                             {"mobilenetv2", Family::kV2},
                                             {"mobilenetv3", Family::kV3},
                                             {"mobilenetv4", Family::kV4}};
inline constexpr Word<bool> kYesNo[] = {{"no", false}, {"yes", true}};
inline constexpr Word<PadMode> kPadModes[] = {{"sym", PadMode::kSymmetric},
                                              {"same", PadMode::kSame}};
inline constexpr Word<LowPass> kLowPasses[] = {
    {"none", LowPass::kNone}, {"avg", LowPass::kAverage}, {"blur", LowPass::kBlur}};
inline constexpr Word<Activation> kActivations[] = {{"relu", Activation::kRelu},
                                                    {"relu6", Activation::kRelu6},
                                                    {"gelu", Activation::kGelu},
                                                    {"hard_swish", Activation::kHardSwish},
                                                    {"hard_sigmoid", Activation::kHardSigmoid}};

inline std::span<const Word<Family>> WordsOf(Family) { return kFamilies; }
inline std::span<const Word<bool>> WordsOf(bool) { return kYesNo; }
inline std::span<const Word<PadMode>> WordsOf(PadMode) { return kPadModes; }
inline std::span<const Word<LowPass>> WordsOf(LowPass) { return kLowPasses; }
inline std::span<const Word<Activation>> WordsOf(Activation) { return kActivations; }

/// The two kernels of a UIB, "3/5". The only value without a key.
struct KernelPair {
  int *start, *mid;
};

enum class Show { kAlways, kUnlessDefault };

/// One thing that is said, and where in the spec it is kept.
struct Field {
  const char* key;
  std::variant<int*, double*, bool*, Family*, PadMode*, LowPass*, Activation*,
               std::optional<Activation>*, KernelPair>
      value;
  Show show = Show::kAlways;
};

inline std::vector<Field> HeaderFields(NetworkSpec& spec) {
  return {{"family", &spec.family},
          {"act", &spec.activation},
          {"pad", &spec.pad},
          {"bn_eps", &spec.bn_eps},
          {"stem", &spec.stem},
          {"head", &spec.head},
          {"aa", &spec.low_pass, Show::kUnlessDefault},
          {"layer_scale", &spec.layer_scale, Show::kUnlessDefault},
          {"in_chans", &spec.in_chans, Show::kUnlessDefault},
          {"num_classes", &spec.num_classes, Show::kUnlessDefault},
          {"output_stride", &spec.output_stride, Show::kUnlessDefault}};
}

/// A visitor: the fields of one block.
struct BlockFields {
  std::vector<Field> operator()(ConvSpec& block) const {
    return {{"k", &block.kernel}, {"s", &block.stride, Show::kUnlessDefault}, {"o", &block.out}};
  }
  std::vector<Field> operator()(FusedIbSpec& block) const {
    return {{"k", &block.kernel},
            {"s", &block.stride, Show::kUnlessDefault},
            {"e", &block.expand},
            {"o", &block.out}};
  }
  std::vector<Field> operator()(UibSpec& block) const {
    return {{"", KernelPair{&block.dw_start, &block.dw_mid}},
            {"s", &block.stride, Show::kUnlessDefault},
            {"e", &block.expand},
            {"o", &block.out}};
  }
  std::vector<Field> operator()(MqaSpec& block) const {
    return {
        {"h", &block.heads}, {"d", &block.key_dim}, {"kv", &block.kv_stride, Show::kUnlessDefault}};
  }
  std::vector<Field> operator()(SeparableSpec& block) const {
    return {{"k", &block.kernel},
            {"s", &block.stride, Show::kUnlessDefault},
            {"o", &block.out},
            {"se", &block.squeeze, Show::kUnlessDefault},
            {"act", &block.activation, Show::kUnlessDefault}};
  }
  std::vector<Field> operator()(InvertedResidualSpec& block) const {
    return {{"k", &block.kernel},
            {"s", &block.stride, Show::kUnlessDefault},
            {"e", &block.expand},
            {"o", &block.out},
            {"se", &block.squeeze, Show::kUnlessDefault},
            {"act", &block.activation, Show::kUnlessDefault}};
  }
};

/// What a block's line begins with, and the block with the defaults of what may be left out.
struct Keyword {
  const char* text;
  BlockSpec block;
};

inline constexpr Keyword kKeywords[] = {{"conv", ConvSpec{}},
                                        {"fused", FusedIbSpec{}},
                                        {"uib", UibSpec{}},
                                        {"mqa", MqaSpec{}},
                                        {"mha", MqaSpec{.multi_head = true}},
                                        {"ds", SeparableSpec{}},
                                        {"dsa", SeparableSpec{.activate = true}},
                                        {"ir", InvertedResidualSpec{}}};

}  // namespace mnv4::text
