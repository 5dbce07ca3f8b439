#pragma once
/// Lists and ranges of whole numbers, as `mnv4 bench -t 1,2 -b 1-8*2` takes them.

#include <string_view>
#include <vector>

namespace mnv4::cli {

/// Items separated by commas: "4", "1-4" (1 2 3 4), "128-256+32" (128 160 .. 256), "1-8*2" (1 2 4
/// 8). Empty if the text is no such list, or has a value outside [least, most].
std::vector<int> ParseSweep(std::string_view text, int least, int most);

}  // namespace mnv4::cli
