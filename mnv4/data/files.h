#pragma once
/// Which files are pictures, by their names.

#include <string>
#include <string_view>
#include <vector>

namespace mnv4::data {

/// Whether `name` ends as picture files usually do: .jpg, .PNG, ...
bool HasPictureEnding(std::string_view name);

/// The pictures in a folder and below it, sorted; symbolic links to folders are not followed.
/// Throws Error(kRuntime) for a folder that cannot be read.
std::vector<std::string> PicturesBelow(const std::string& folder);

}  // namespace mnv4::data
