// Peak of the live activations.

#include <algorithm>

#include "mnv4/analysis/layers.h"
#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

// Whether an element of the result depends only on the same element of each map it reads, so that
// it can be written over one of them.
struct IsElementwise {
  bool operator()(const Input&) const { return false; }
  bool operator()(const Parameter&) const { return false; }
  bool operator()(const Conv2d&) const { return false; }
  bool operator()(const BatchNorm&) const { return true; }
  bool operator()(const ChannelScale&) const { return true; }
  bool operator()(const Activate&) const { return true; }
  bool operator()(const Add&) const { return true; }
  bool operator()(const Multiply&) const { return true; }
  bool operator()(const Pool2d&) const { return false; }
  bool operator()(const Linear&) const { return false; }
  bool operator()(const Attention&) const { return false; }
};

int64_t ActivationBytes(const Node& node) {
  if (std::holds_alternative<Parameter>(node.op)) return 0;
  return NumElements(node.type.shape) * static_cast<int64_t>(SizeOf(node.type.dtype));
}

}  // namespace

int64_t PeakActivationBytes(const Graph& graph, const std::string& output) {
  const auto kept = graph.outputs.find(output);
  if (kept == graph.outputs.end()) {
    throw Error(ErrorCode::kInvalidArgument, graph.name + " has no output '" + output + "'");
  }
  // The last reader of each result; nodes that the output does not need run all the same.
  std::vector<size_t> last_use(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    last_use[i] = i;
    for (const NodeId id : graph.nodes[i].inputs) last_use[Index(id)] = i;
  }
  last_use[Index(kept->second)] = graph.nodes.size();

  int64_t live = 0, peak = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    std::vector<NodeId> dying = node.inputs;
    std::sort(dying.begin(), dying.end());
    dying.erase(std::unique(dying.begin(), dying.end()), dying.end());
    int64_t freed = 0;
    for (const NodeId id : dying) {
      if (last_use[Index(id)] == i) freed += ActivationBytes(graph.at(id));
    }
    const int64_t written = ActivationBytes(node);
    const bool in_place = freed >= written && std::visit(IsElementwise{}, node.op);
    peak = std::max(peak, live + (in_place ? 0 : written));
    live += written - freed;
    if (last_use[i] == i) live -= written;  // nobody reads it
  }
  return peak;
}

}  // namespace mnv4
