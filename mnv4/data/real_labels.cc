#include "mnv4/data/real_labels.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/json_cursor.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 26;

// 292 of ".../ILSVRC2012_val_00000293.JPEG".
std::optional<int64_t> ImageNetPosition(std::string_view key) {
  constexpr std::string_view kPrefix = "ILSVRC2012_val_";
  const size_t at = key.rfind(kPrefix);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view number = key.substr(at + kPrefix.size());
  int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole = end == number.data() + number.size() || *end == '.';
  if (error != std::errc() || !whole || value < 1) return std::nullopt;
  return value - 1;
}

}  // namespace

RealLabels::RealLabels(const std::string& path, int classes) : name_(BaseName(path)) {
  const Json json = ParseJson(ReadTextFile(path, kMaxFileBytes), name_);
  for (const JsonCursor& picture : JsonCursor(json, name_).Elements()) {
    std::vector<int>& labels = labels_.emplace_back();
    for (const JsonCursor& label : picture.Elements()) {
      labels.push_back(static_cast<int>(label.Integer(0, classes - 1)));
    }
  }
}

const std::vector<int>& RealLabels::Of(const std::string& key, int64_t position) const {
  position = ImageNetPosition(key).value_or(position);
  if (position >= static_cast<int64_t>(labels_.size())) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: labels of {} pictures, none for the one at place {}: {}", name_,
                            labels_.size(), position, Printable(key, 4096)));
  }
  return labels_[static_cast<size_t>(position)];
}

std::optional<Sample> Relabelled::Next() {
  while (std::optional<Sample> sample = samples_->Next()) {
    sample->labels = labels_.Of(sample->key, position_++);
    if (!sample->labels.empty()) return sample;
    ++left_out_;
  }
  return std::nullopt;
}

}  // namespace mnv4::data
