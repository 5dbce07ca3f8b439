#include "mnv4/cli/build_info.h"

#include "commit.h"  // made by commit.cmake at every build

namespace mnv4::cli {

BuildInfo DescribeBuild() { return {MNV4_VERSION, MNV4_COMMIT, MNV4_COMPILER, MNV4_BUILD_TYPE}; }

}  // namespace mnv4::cli
