#pragma once
/// Reference pointwise glue.

#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

inline void PointwiseRefRun(const PointwiseProblem& p, const PointwiseArgs& args, int begin,
                            int end) noexcept {
  StoreRows(p.y, args.y, begin, end, [&](int image, int y, int x, int c) {
    double value = ElementAt(p.a, args.a, p.a.Offset(0, image, y, x) + ChannelOffset(p.a, c));
    if (p.has_gate) {
      value *=
          ElementAt(p.gate, args.scale, p.gate.Offset(0, image, 0, 0) + ChannelOffset(p.gate, c));
    } else if (args.scale != nullptr) {
      value *= args.scale[c];
    }
    if (args.bias != nullptr) value += args.bias[c];
    if (p.has_b) {
      value += ElementAt(p.b, args.b, p.b.Offset(0, image, y, x) + ChannelOffset(p.b, c));
    }
    return Activate(value, p.activation);
  });
}

inline constexpr PointwiseKernel kPointwiseRef = {
    .name = "pointwise-ref",
    .needs = Isa::kScalar,
    .accepts = [](const PointwiseProblem&) { return true; },
    .units = [](const PointwiseProblem& p) { return CountRowUnits(p.y); },
    .run = PointwiseRefRun,
};

}  // namespace mnv4::kernels
