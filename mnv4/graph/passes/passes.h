#pragma once
/// Rewrites of a bound graph for inference, as one list: the order is stated in passes.cc and
/// nowhere else. Values are computed in double and stored as float32, in new small tensors whose
/// names no file has ("blocks.2.0.dw_mid.conv.folded_scale"); mapped weights stay as they are.

#include <span>

#include "mnv4/graph/graph.h"

namespace mnv4 {

using PassFunction = Graph (*)(Graph);

struct Pass {
  const char* name;
  PassFunction run;
};

/// Drops what no output needs, and its weights: a caller who erases outputs pays only for the rest.
Graph RemoveDeadNodes(Graph graph);
/// Every batch norm -> a channel scale with bias.
Graph BatchNormToScale(Graph graph);
/// Convolution, then a channel scale that is its only reader (a batch norm, a layer scale, both)
/// -> the convolution's scale and bias, which whoever packs the weights multiplies in.
Graph FoldScaleBackward(Graph graph);
/// Channel scale that unpadded 1x1 convolutions read (the norm before attention) -> new weights and
/// bias of theirs. It stays for padded convolutions that read it too, through which it cannot go:
/// the zeros of the padding come *after* the scale, whose bias is not zero.
Graph FoldScaleForward(Graph graph);
/// Convolution or linear layer, then an activation that is its only reader -> its `activation`.
Graph FuseActivation(Graph graph);

/// In order. Outputs keep their values up to float32 rounding.
std::span<const Pass> InferencePasses();
/// Runs the list, verifying after each pass.
Graph OptimizeForInference(Graph graph);

}  // namespace mnv4
