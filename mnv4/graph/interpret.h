#pragma once
/// What a graph means, in the plainest loops and in double precision: the oracle of tests. Slow.

#include <map>
#include <string>
#include <vector>

#include "mnv4/graph/graph.h"

namespace mnv4 {

/// A result in double precision, n h w c.
struct Values {
  Shape shape;
  std::vector<double> data;
};

/// The outputs of a bound graph by name. `input` has the elements of node 0's shape.
std::map<std::string, Values> Interpret(const Graph& graph, const std::vector<float>& input);

}  // namespace mnv4
