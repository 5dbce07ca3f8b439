#pragma once
/// Tensors that are updated together, seen as memory: what optimizers and the weights' average need
/// to run update_kernels.h on all threads.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "mnv4/train/optimizer.h"
#include "mnv4/train/update_kernels.h"

namespace mnv4::train {

/// Index i of all vectors belongs to one tensor.
struct UpdateGroup {
  std::vector<const Trained*> trained;
  std::vector<at::Tensor> values, gradients;
  std::vector<std::vector<at::Tensor>> slots;  ///< [slot][i]
};

/// float32 or float64 on the CPU, without gaps, so that elements may be visited in order of memory.
bool IsPlainMemory(const at::Tensor& tensor);
/// Equal type, shape and strides; strides of dimensions of size 1 mean nothing.
bool SameLayout(const at::Tensor& a, const at::Tensor& b);

/// Elements [begin, end) of tensor `tensor`; `index` counts all pieces.
struct Piece {
  size_t tensor;
  int64_t begin, end;
  size_t index;
};
/// Cuts tensors of these sizes into pieces of at most 8192 elements, which depends on nothing else.
std::vector<Piece> CutIntoPieces(const std::vector<int64_t>& sizes);
/// Calls f for all pieces on ATen's threads, each of which gets about the same number of elements.
void ForEachPiece(const std::vector<Piece>& pieces, const std::function<void(const Piece&)>& f);

/// The memory of a group, whose tensors are all plain memory of element type T.
template <class T>
class GroupMemory {
 public:
  /// Slots `a` and `b` of the kernels; -1 for none.
  GroupMemory(const UpdateGroup& group, int a, int b);
  const std::vector<Piece>& pieces() const { return pieces_; }
  Stretch<T> At(const Piece& piece) const;

 private:
  std::vector<Stretch<T>> whole_;
  std::vector<Piece> pieces_;
};

/// The sum of squares of tensors in plain memory of element type T, the same for any number of
/// threads.
template <class T>
double SquareSum(const std::vector<at::Tensor>& tensors);

/// Calls f(T()) with the element type of `tensor`, float or double.
template <class F>
void WithElementType(const at::Tensor& tensor, F&& f) {
  if (tensor.scalar_type() == at::kFloat) {
    f(float());
  } else {
    f(double());
  }
}

/// Runs one kernel over a group in plain memory: kernel(UpdateKernels<T>) chooses it, rule(Trained)
/// gives its constants for a tensor, `a` and `b` name slots as for GroupMemory.
template <class Rule, class Kernel>
void RunInMemory(const UpdateGroup& group, int a, int b, const Rule& rule, const Kernel& kernel) {
  WithElementType(group.values[0], [&](auto element) {
    using T = decltype(element);
    const auto run = kernel(UpdateKernelsFor<T>(HostIsa()));
    const GroupMemory<T> memory(group, a, b);
    std::vector<decltype(rule(*group.trained[0]))> rules;
    for (const Trained* trained : group.trained) rules.push_back(rule(*trained));
    ForEachPiece(memory.pieces(),
                 [&](const Piece& piece) { run(rules[piece.tensor], memory.At(piece)); });
  });
}

/// gradient += l2(trained) * value, in new tensors.
template <class L2>
void AddL2(UpdateGroup& group, const L2& l2) {
  for (size_t i = 0; i < group.values.size(); ++i) {
    const double factor = l2(*group.trained[i]);
    if (factor != 0) group.gradients[i] = group.gradients[i].add(group.values[i], factor);
  }
}

}  // namespace mnv4::train
