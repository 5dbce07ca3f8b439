#include "mnv4/cli/sweep.h"

#include <charconv>
#include <optional>

namespace mnv4::cli {
namespace {

// Takes a whole number of at most nine digits off the front.
std::optional<int> TakeNumber(std::string_view* text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return value;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Appends the numbers of one item; false if it is none.
bool AppendItem(std::string_view item, int least, int most, std::vector<int>* values) {
  const std::optional<int> first = TakeNumber(&item);
  if (!first || *first < least) return false;
  int last = *first, add = 1, multiply = 1;
  if (TakeChar(&item, '-')) {
    const std::optional<int> end = TakeNumber(&item);
    if (!end || *end < *first) return false;
    last = *end;
    const bool times = TakeChar(&item, '*');
    if (times || TakeChar(&item, '+')) {
      const std::optional<int> step = TakeNumber(&item);
      if (!step || *step < (times ? 2 : 1) || (times && *first == 0)) return false;
      add = times ? 0 : *step;
      multiply = times ? *step : 1;
    }
  }
  if (!item.empty() || last > most) return false;
  for (long long value = *first; value <= last; value = value * multiply + add) {
    values->push_back(static_cast<int>(value));
  }
  return true;
}

}  // namespace

std::vector<int> ParseSweep(std::string_view text, int least, int most) {
  std::vector<int> values;
  while (true) {
    const size_t comma = text.find(',');
    if (!AppendItem(text.substr(0, comma), least, most, &values)) return {};
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace mnv4::cli
