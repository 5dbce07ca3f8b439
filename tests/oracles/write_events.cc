// mnv4_write_events FOLDER: the event file of a run that was killed after step 40 and resumed at
// 30, for tensorboard_test.py.

#include <cstdio>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/runs/event_file.h"

namespace {

void WriteSteps(mnv4::runs::EventFile& file, int first, int last, double scale) {
  for (int step = first; step <= last; step += 10) {
    file.WriteScalars(step, std::vector<mnv4::runs::Figure>{{"train/loss", scale / (step + 1)},
                                                            {"lr", 1e-3 * step}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mnv4_write_events FOLDER\n");
    return 2;
  }
  try {
    mnv4::runs::EventFile killed(argv[1]);
    killed.WriteText(0, "recipe", "lr: 0.004\nmodel: conv_small");
    WriteSteps(killed, 0, 40, 7);
    mnv4::runs::EventFile resumed(argv[1], 30);
    WriteSteps(resumed, 30, 60, 5);
  } catch (const mnv4::Error& error) {
    std::fprintf(stderr, "mnv4_write_events: %s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
