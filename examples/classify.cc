// The smallest program: classifies pictures with a model.
//
//   classify MODEL PICTURE...
//
// MODEL is a timm / Hugging Face folder or a .safetensors file.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "mnv4/mnv4.h"

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: classify MODEL PICTURE...\n");
    return 2;
  }
  const auto model = mnv4::Model::Load(argv[1]);
  mnv4::Session session(model);
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    session.RunPicture(std::as_bytes(std::span(bytes)));
    std::printf("%s\n", argv[i]);
    for (const mnv4::Classification& best : session.TopK(3)) {
      std::printf("  %5.1f %%  %s\n", 100 * best.score, best.label.c_str());
    }
  }
  return 0;
} catch (const mnv4::Error& error) {
  std::fprintf(stderr, "classify: %s\n", error.what());
  return static_cast<int>(error.code());
}
