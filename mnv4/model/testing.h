#pragma once
/// A model small enough for tests to write, damage and read back many times.

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/model/model.h"

namespace mnv4::model::test {

/// Every kind of block once; 4 classes, 3 KB of weights.
inline NetworkSpec TinySpec() {
  NetworkSpec spec;
  spec.name = "tiny";
  spec.num_classes = 4;
  spec.stem = 8;
  spec.layer_scale = true;
  spec.stages = {{FusedIbSpec{.kernel = 3, .expand = 1, .out = 8, .stride = 2}},
                 {UibSpec{.dw_start = 3, .dw_mid = 3, .expand = 2, .out = 8, .stride = 2},
                  MqaSpec{.heads = 2, .key_dim = 4, .kv_stride = 2}},
                 {ConvSpec{.kernel = 1, .out = 8}}};
  spec.head = 8;
  return spec;
}

inline Model TinyModel() {
  Model model;
  model.spec = TinySpec();
  model.preprocess.height = model.preprocess.width = 32;
  model.weights = HashWeights(Lower(model.spec, 1, 32, 32));
  return model;
}

}  // namespace mnv4::model::test
