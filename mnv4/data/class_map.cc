#include "mnv4/data/class_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "mnv4/base/error.h"
#include "mnv4/io/csv.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 26;

std::string Plain(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '_', ' ');
  return plain;
}

// The class whose number `text` is.
std::optional<int> NumberIn(std::string_view text, int classes) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 0 || number >= classes) return std::nullopt;
  return number;
}

}  // namespace

ClassMap ClassMap::Read(const std::string& path) {
  ClassMap map = Read(path, kMostClasses);
  int most = 0;
  for (const auto& [name, index] : map.names_) most = std::max(most, index);
  map.classes_ = most + 1;
  return map;
}

ClassMap ClassMap::Read(const std::string& path, int classes) {
  ClassMap map(classes);
  const std::string text = ReadTextFile(path, kMaxFileBytes);
  int line_number = 0;
  for (const std::string_view line : Lines(text, BaseName(path))) {
    const auto fail = [&](const std::string& what) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: line {}: {}", BaseName(path), line_number + 1, what));
    };
    const size_t tab = line.find('\t');
    const std::string_view name = line.substr(0, tab);
    const std::string number = tab == std::string_view::npos ? std::to_string(line_number)
                                                             : std::string(line.substr(tab + 1));
    const std::optional<int> index = NumberIn(number, classes);
    if (name.empty()) fail("no name");
    if (!index) {
      fail(fmt::format("class {}, expected 0 to {}", Printable(number), classes - 1));
    }
    if (!map.names_.emplace(Plain(name), *index).second) {
      fail(fmt::format("'{}' is there twice", Printable(name)));
    }
    ++line_number;
  }
  return map;
}

void ClassMap::AddNames(std::span<const std::string> names) {
  std::map<std::string, int> added;
  std::set<std::string> twice;
  for (size_t i = 0; i < names.size() && i < static_cast<size_t>(classes_); ++i) {
    std::string name = Plain(names[i]);
    if (!name.empty() && !added.emplace(name, static_cast<int>(i)).second) twice.insert(name);
  }
  for (const std::string& name : twice) added.erase(name);
  names_.merge(added);
}

std::vector<std::string> ClassMap::Names() const {
  std::vector<std::string> names(static_cast<size_t>(classes_));
  for (const auto& [name, index] : names_) {
    std::string& place = names[static_cast<size_t>(index)];
    if (place.empty()) place = name;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = std::to_string(i);
  }
  return names;
}

std::optional<int> ClassMap::Find(std::string_view label) const {
  const auto found = names_.find(Plain(label));
  return found != names_.end() ? std::optional(found->second) : NumberIn(label, classes_);
}

int ClassMap::IndexOf(std::string_view label, const std::string& place) const {
  if (const std::optional<int> index = Find(label)) return *index;
  throw Error(ErrorCode::kInvalidFile,
              fmt::format("{}: '{}' is none of the {} classes, neither a name nor a "
                          "number; --class-map FILE names them",
                          place, Printable(label), classes_));
}

}  // namespace mnv4::data
