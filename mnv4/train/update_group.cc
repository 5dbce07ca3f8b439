#include "mnv4/train/update_group.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>

namespace mnv4::train {

bool IsPlainMemory(const at::Tensor& tensor) {
  return tensor.layout() == at::kStrided && tensor.is_cpu() &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kDouble) &&
         tensor.is_non_overlapping_and_dense();
}

bool SameLayout(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.sizes()[d] > 1 && a.strides()[d] != b.strides()[d]) return false;
  }
  return true;
}

std::vector<Piece> CutIntoPieces(const std::vector<int64_t>& sizes) {
  constexpr int64_t kPiece = 8192;  // its operands fit the L2 cache, its overhead is 1 %
  std::vector<Piece> pieces;
  for (size_t t = 0; t < sizes.size(); ++t) {
    for (int64_t begin = 0; begin < sizes[t]; begin += kPiece) {
      pieces.push_back({t, begin, std::min(begin + kPiece, sizes[t]), pieces.size()});
    }
  }
  return pieces;
}

void ForEachPiece(const std::vector<Piece>& pieces, const std::function<void(const Piece&)>& f) {
  std::vector<int64_t> ends;  // of the pieces, in elements of all tensors
  ends.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    ends.push_back((ends.empty() ? 0 : ends.back()) + piece.end - piece.begin);
  }
  if (ends.empty()) return;
  constexpr int64_t kWorthAThread = 32768;
  at::parallel_for(0, ends.back(), kWorthAThread, [&](int64_t begin, int64_t end) {
    // Those pieces whose last element is in [begin, end).
    auto i = static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), begin) - ends.begin());
    for (; i < pieces.size() && ends[i] <= end; ++i) f(pieces[i]);
  });
}

template <class T>
GroupMemory<T>::GroupMemory(const UpdateGroup& group, int a, int b) {
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < group.values.size(); ++i) {
    const auto slot = [&](int s) {
      return s < 0 ? nullptr : group.slots[static_cast<size_t>(s)][i].template data_ptr<T>();
    };
    sizes.push_back(group.values[i].numel());
    whole_.push_back({group.values[i].template data_ptr<T>(),
                      group.gradients[i].template data_ptr<T>(), slot(a), slot(b), sizes.back()});
  }
  pieces_ = CutIntoPieces(sizes);
}

template <class T>
Stretch<T> GroupMemory<T>::At(const Piece& piece) const {
  const Stretch<T>& s = whole_[piece.tensor];
  const auto from = [&](auto* pointer) { return pointer ? pointer + piece.begin : nullptr; };
  return {from(s.w), from(s.g), from(s.a), from(s.b), piece.end - piece.begin};
}

template class GroupMemory<float>;
template class GroupMemory<double>;

template <class T>
double SquareSum(const std::vector<at::Tensor>& tensors) {
  std::vector<const T*> memory;
  std::vector<int64_t> sizes;
  for (const at::Tensor& tensor : tensors) {
    memory.push_back(tensor.data_ptr<T>());
    sizes.push_back(tensor.numel());
  }
  const std::vector<Piece> pieces = CutIntoPieces(sizes);
  std::vector<double> sums(pieces.size());
  const auto square_sum = UpdateKernelsFor<T>(HostIsa()).square_sum;
  ForEachPiece(pieces, [&](const Piece& piece) {
    sums[piece.index] = square_sum(memory[piece.tensor] + piece.begin, piece.end - piece.begin);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

template double SquareSum<float>(const std::vector<at::Tensor>& tensors);
template double SquareSum<double>(const std::vector<at::Tensor>& tensors);

}  // namespace mnv4::train
