#pragma once
/// What this program was built from and by.

namespace mnv4::cli {

struct BuildInfo {
  const char* version;   ///< "0.1.0"
  const char* commit;    ///< abbreviated, "-dirty" after it if files were changed; or "unknown"
  const char* compiler;  ///< "GNU 12.2.0"
  const char* type;      ///< CMake's build type: "Release"
};
BuildInfo DescribeBuild();

}  // namespace mnv4::cli
