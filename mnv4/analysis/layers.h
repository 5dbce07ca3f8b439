#pragma once
/// What a network costs, layer by layer: parameters, multiply-adds, bytes moved and bytes held.
/// Counted on the graph as it was lowered: batch norms are layers and count as parameters.

#include <cstdint>
#include <string>
#include <vector>

#include "mnv4/graph/graph.h"

namespace mnv4 {

/// One operator that computes something.
struct Layer {
  NodeId id{};
  std::string name;  ///< timm's module: "blocks.2.0.dw_mid.conv"
  const char* op = "";
  Shape output;  ///< n h w c
  Cost cost;
  int64_t weight_bytes = 0;      ///< of every tensor it reads from the file, running statistics too
  int64_t activation_bytes = 0;  ///< of each map it reads and of the one it writes
};

/// In the order they run, without the input and the parameters. Weights that are bound count with
/// the element size they have, the others with that of the graph.
std::vector<Layer> LayersOf(const Graph& graph);

struct Totals {
  Cost cost;
  int64_t weight_bytes = 0;
  int64_t activation_bytes = 0;  ///< moved, summed over layers

  int64_t macs() const { return cost.macs + cost.attention_macs; }
  int64_t flops() const { return 2 * macs(); }  ///< a MAC is a multiplication and an addition
};
Totals TotalsOf(const std::vector<Layer>& layers);

/// The most bytes of activations that are alive at once while the nodes run in order and `output`
/// is the only output kept: a lower bound for engines that compute whole maps in this order.
/// Operators that work element by element write over an input that nobody reads again.
/// Throws Error(kInvalidArgument) if there is no such output.
int64_t PeakActivationBytes(const Graph& graph, const std::string& output = "logits");

}  // namespace mnv4
