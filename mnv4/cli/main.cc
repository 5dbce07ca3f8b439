// The `mnv4` program.

#include "mnv4/cli/program.h"

int main(int argc, char** argv) { return mnv4::cli::RunProgram({argv + 1, argv + argc}, {}); }
