#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mnv4/base/error.h"
#include "mnv4/data/webdataset.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr int64_t kMaxNames = 100'000;

[[noreturn]] void Refuse(std::string_view text, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", Printable(text), what));
}

// The whole number that `text` is, -1 if it is none.
int64_t WholeNumber(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value >= 0 ? value : -1;
}

}  // namespace

std::vector<std::string> ExpandBraces(std::string_view text) {
  const size_t open = text.find('{');
  const size_t close = text.find('}', std::min(open, text.size()));
  if (open == std::string_view::npos) return {std::string(text)};
  if (close == std::string_view::npos) Refuse(text, "a brace that does not close");
  const std::string_view range = text.substr(open + 1, close - open - 1);
  const size_t dots = std::min(range.find(".."), range.size());
  const std::string_view from = range.substr(0, dots);
  const int64_t first = WholeNumber(from);
  const int64_t last = dots == range.size() ? -1 : WholeNumber(range.substr(dots + 2));
  if (first < 0 || last < first) {
    Refuse(text, fmt::format("{{{}}}, expected a range such as {{000..012}}", Printable(range)));
  }
  const std::vector<std::string> rests = ExpandBraces(text.substr(close + 1));
  if (last - first >= kMaxNames / static_cast<int64_t>(rests.size())) {
    Refuse(text, fmt::format("stands for more than {} names", kMaxNames));
  }
  std::vector<std::string> names;
  for (int64_t i = first; i <= last; ++i) {
    for (const std::string& rest : rests) {
      names.push_back(fmt::format("{}{:0{}}{}", text.substr(0, open), i, from.size(), rest));
    }
  }
  return names;
}

}  // namespace mnv4::data
