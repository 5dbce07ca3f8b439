#include "mnv4/graph/passes/passes.h"

#include <utility>

#include "mnv4/graph/passes/rewrite.h"

namespace mnv4 {

Graph RemoveDeadNodes(Graph graph) { return Tidy(std::move(graph)); }

std::span<const Pass> InferencePasses() {
  static constexpr Pass kPasses[] = {
      {"remove-dead-nodes", RemoveDeadNodes},     {"batch-norm-to-scale", BatchNormToScale},
      {"fold-scale-backward", FoldScaleBackward},  // before forward: it needs no new weights
      {"fold-scale-forward", FoldScaleForward},   {"fuse-activation", FuseActivation},
  };
  return kPasses;
}

Graph OptimizeForInference(Graph graph) {
  for (const Pass& pass : InferencePasses()) {
    graph = pass.run(std::move(graph));
    Verify(graph);
  }
  return graph;
}

}  // namespace mnv4
