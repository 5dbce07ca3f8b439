#include "mnv4/base/caches.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace mnv4 {
namespace {

// The first word of a small file; "" if there is none.
std::string WordIn(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

// "1024K" -> 1048576; 0 for what is no size.
size_t BytesOf(const std::string& text) {
  size_t digits = 0, value = 0;
  for (; digits < text.size() && digits < 9 && text[digits] >= '0' && text[digits] <= '9';) {
    value = value * 10 + static_cast<size_t>(text[digits++] - '0');
  }
  const std::string unit = text.substr(digits);
  return unit == "K" ? value << 10 : unit == "M" ? value << 20 : unit.empty() ? value : 0;
}

// CPUs in a mask like "ff" or "00000000,00000003".
int CountBits(const std::string& mask) {
  int count = 0;
  for (const char c : mask) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
    count += __builtin_popcount(static_cast<unsigned>(digit));
  }
  return count;
}

}  // namespace

std::vector<Cache> DetectCaches(const std::string& root) {
  std::vector<Cache> caches;
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        fmt::format("{}/sys/devices/system/cpu/cpu0/cache/index{}/", root, index);
    const std::string level = WordIn(folder + "level"), type = WordIn(folder + "type");
    const size_t bytes = BytesOf(WordIn(folder + "size"));
    if (level.size() != 1 || bytes == 0 || type == "Instruction") continue;
    caches.push_back({.level = level[0] - '0',
                      .bytes = bytes,
                      .cpus = std::max(1, CountBits(WordIn(folder + "shared_cpu_map")))});
  }
  if (caches.empty()) caches = {{.level = 1, .bytes = 32 << 10}, {.level = 2, .bytes = 1 << 20}};
  std::ranges::sort(caches, {}, &Cache::level);
  return caches;
}

const std::vector<Cache>& MachineCaches() {
  static const std::vector<Cache> caches = DetectCaches("");
  return caches;
}

}  // namespace mnv4
