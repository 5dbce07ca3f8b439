// mnv4_resave MODEL OUT: loads a model and saves it again, as one file if OUT ends in .safetensors,
// else as a folder.

#include <cstdio>
#include <string>

#include "mnv4/base/error.h"
#include "mnv4/model/model.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: mnv4_resave MODEL OUT\n");
    return 2;
  }
  try {
    const mnv4::model::Model model = mnv4::model::Load(argv[1], {.allow_random_weights = false});
    const std::string out = argv[2];
    if (out.ends_with(".safetensors")) {
      mnv4::model::SaveFile(model, out);
    } else {
      mnv4::model::SaveFolder(model, out);
    }
  } catch (const mnv4::Error& error) {
    std::fprintf(stderr, "mnv4_resave: %s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
