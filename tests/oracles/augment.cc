// Operations of augmentation, for augment_test.py: a line "PROFILE OP ARGUMENT WIDTH HEIGHT" and
// the pixels (RGB) of each in, the pixels out.

#include "mnv4/data/augment.h"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

namespace mnv4::data {
namespace {

std::optional<Op> OpOf(const std::string& name) {
  for (int i = 0; i < kNumOps; ++i) {
    if (name == Name(static_cast<Op>(i))) return static_cast<Op>(i);
  }
  return std::nullopt;
}

// Lines until the end; 1 for one that is none of ours.
int Run() {
  std::string profile, op;
  double argument = 0;
  Image image;
  while (std::cin >> profile >> op >> argument >> image.width >> image.height) {
    std::cin.get();
    image.pixels.resize(size_t{3} * image.width * image.height);
    std::cin.read(reinterpret_cast<char*>(image.pixels.data()),
                  static_cast<std::streamsize>(image.pixels.size()));
    const std::optional<Op> found = OpOf(op);
    if (!found || !std::cin) {
      std::fprintf(stderr, "no operation, or too few pixels: %s\n", op.c_str());
      return 1;
    }
    ApplyOp(*found, argument, profile == "garden" ? Profile::kGarden : Profile::kClean, image);
    std::cout.write(reinterpret_cast<const char*>(image.pixels.data()),
                    static_cast<std::streamsize>(image.pixels.size()));
  }
  return 0;
}

}  // namespace
}  // namespace mnv4::data

int main() { return mnv4::data::Run(); }
