#pragma once
/// A profile as a page that opens offline: kinds, steps as bars, the roofline.

#include <string>
#include <vector>

#include "mnv4/cli/host.h"
#include "mnv4/cli/profile_report.h"
#include "mnv4/model/model.h"

namespace mnv4::cli {

std::string ProfilePage(const Profile& profile, const model::Model& model, const Host& host,
                        const std::vector<std::string>& warnings);

}  // namespace mnv4::cli
