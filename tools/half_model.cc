// mnv4-half FOLDER FILE: a model as one file with 16-bit weights, as the program carries it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "mnv4/model/model.h"

namespace {

using namespace mnv4;

// fp16 where that keeps every value to within its own rounding: no overflow, and no variance, which
// divides, among the subnormals.
Tensor Halved(const std::string& name, const Tensor& tensor) {
  const std::vector<float> values = ToFloats(tensor);
  const auto fits = [&](float value) {
    return std::abs(value) <= 65504.0f && (!name.ends_with("running_var") || value >= 0x1p-14f);
  };
  if (!std::all_of(values.begin(), values.end(), fits)) return tensor;
  const auto halves = std::make_shared<std::vector<uint16_t>>();
  for (const float value : values) halves->push_back(FloatToHalf(value));
  return {{DType::kF16, tensor.type.shape}, std::as_bytes(std::span(*halves)), halves};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: mnv4-half FOLDER FILE\n");
    return 2;
  }
  try {
    model::Model model = model::Load(argv[1], {.allow_random_weights = false});
    for (auto& [name, tensor] : model.weights) {
      if (tensor.type.dtype == DType::kF32) tensor = Halved(name, tensor);
    }
    model::SaveFile(model, argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mnv4-half: {}\n", error.what());
    return 1;
  }
}
