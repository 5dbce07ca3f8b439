// mnv4 data preview, where recipes are left out.

#include "mnv4/base/error.h"
#include "mnv4/cli/data.h"
#include "mnv4/cli/data_options.h"

namespace mnv4::cli {
namespace {

constexpr Option kOwnOptions[] = {kPreviewRecipe, kPreviewSet, kPreviewCount, kPreviewSeed};

int Run(const Arguments&, const std::vector<std::string>&) {
  throw Error(ErrorCode::kUnsupported,
              "preview is not in this build: it reads recipes (CMake option MNV4_RECIPES)");
}

}  // namespace

const DataVerb kDataPreview = {.name = "preview", .options = kOwnOptions, .run = Run};

}  // namespace mnv4::cli
