#include "mnv4/data/webdataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/io/json_cursor.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 26;  // of an archive: several wait in memory
constexpr size_t kMaxLabelBytes = size_t{1} << 20;

struct SplitName {
  std::string key, ending;  // "a/b", "seg.png" of "a/b.seg.PNG"
};

SplitName Split(const std::string& file) {
  const size_t slash = file.find_last_of('/');
  const size_t base = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = std::min(file.find('.', base), file.size());
  std::string ending = file.substr(std::min(dot + 1, file.size()));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {file.substr(0, dot), ending};
}

bool IsPicture(std::string_view ending) {
  return ending == "jpg" || ending == "jpeg" || ending == "png" || ending == "webp";
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

}  // namespace

ShardReader::ShardReader(TarReader tar, const ClassMap& classes)
    : tar_(std::move(tar)), classes_(classes) {}

// Stands at a file with a key, or says that there is none.
bool ShardReader::Advance() {
  while (!at_file_) {
    if (!tar_.Next(kMaxFileBytes)) return false;
    key_ = Split(tar_.file()).key;
    at_file_ = !key_.empty() && !key_.ends_with('/');
  }
  return true;
}

std::optional<Sample> ShardReader::Next(TarPlace* place) {
  while (Advance()) {
    const std::string key = key_;
    Sample sample;
    has_picture_ = false;
    sample.key = fmt::format("{}:{}", tar_.name(), Printable(key, 4096));
    while (Advance() && key_ == key) {
      Take(sample, Split(tar_.file()).ending, place);
      at_file_ = false;
    }
    if (!has_picture_) continue;
    if (sample.labels.empty()) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: a picture without a class, expected a .cls or .json file of the "
                              "same key",
                              sample.key));
    }
    return sample;
  }
  return std::nullopt;
}

// Reads the file the tar stands at into the sample it belongs to, or says where it is.
void ShardReader::Take(Sample& sample, std::string_view ending, TarPlace* place_of_picture) {
  const std::string place = fmt::format("{}.{}", sample.key, Printable(ending));
  if (IsPicture(ending)) {
    if (has_picture_) {
      throw Error(ErrorCode::kInvalidFile, fmt::format("{}: a second picture", place));
    }
    has_picture_ = true;
    if (place_of_picture != nullptr) {
      *place_of_picture = tar_.place();
    } else {
      sample.bytes = tar_.Read();
    }
  } else if (ending == "cls" || (ending == "json" && sample.labels.empty())) {
    sample.labels = {LabelIn(tar_.Read(), ending == "json", place)};
  }
}

int ShardReader::LabelIn(const std::vector<std::byte>& bytes, bool is_json,
                         const std::string& place) const {
  if (bytes.size() > kMaxLabelBytes) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: {} bytes, the limit is {}", place, bytes.size(), kMaxLabelBytes));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!is_json) return classes_.IndexOf(Trimmed(text), place);
  const Json json = ParseJson(text, place);
  const JsonCursor label = JsonCursor(json, place).At("label");
  if (const auto* name = label.value().As<std::string>()) return classes_.IndexOf(*name, place);
  return static_cast<int>(label.Integer(0, classes_.classes() - 1));
}

}  // namespace mnv4::data
