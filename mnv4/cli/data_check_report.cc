#include "mnv4/cli/data_check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "mnv4/io/json.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr size_t kShown = 20;  // of each list; --json has all
constexpr size_t kMaxPathBytes = 4096;

auto OrderOf(const PicturePlace& place) { return std::tuple(place.set, place.index); }

std::string Shown(const std::string& text) { return Printable(text, kMaxPathBytes); }

// A heading and the first lines of a list; "" if it is empty.
std::string List(const Style& style, const char* heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = fmt::format("\n{}\n", style.Bold(heading));
  for (size_t i = 0; i < std::min(lines.size(), kShown); ++i) text += lines[i] + '\n';
  if (lines.size() > kShown) {
    text += style.Dim(fmt::format("and {} more; --json lists them", lines.size() - kShown)) + '\n';
  }
  return text;
}

// "a.jpg (owl) = b.jpg (cat)"; classes only where they differ.
std::string GroupLine(const DuplicateGroup& group) {
  std::string line;
  for (const PicturePlace& place : group.pictures) {
    if (!line.empty()) line += " = ";
    line += Shown(place.key);
    if (group.conflict) line += fmt::format(" ({})", Printable(place.label));
  }
  return line;
}

std::string MegabytesText(int64_t bytes) {
  return fmt::format("{:.3g} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace

DataCheck::DataCheck(std::vector<std::string> set_names) {
  for (std::string& name : set_names) sets_.push_back({.name = std::move(name), .classes = {}});
}

void DataCheck::SetClasses(size_t set, const std::vector<std::string>& labels) {
  for (const std::string& label : labels) sets_[set].classes.try_emplace(label, 0);
}

void DataCheck::Add(size_t set, SeenPicture seen, const std::string& label) {
  ++sets_[set].pictures;
  sets_[set].bytes += seen.bytes;
  ++sets_[set].classes[label];
  PicturePlace place{set, seen.index, std::move(seen.key), label};
  if (!seen.error.empty()) {
    broken_.push_back({std::move(place), std::move(seen.error)});
  } else if (!seen.hash.empty()) {
    by_hash_[seen.hash].push_back(std::move(place));
  }
}

std::vector<DuplicateGroup> DataCheck::Duplicates() const {
  std::vector<DuplicateGroup> groups;
  for (const auto& [hash, places] : by_hash_) {
    if (places.size() < 2) continue;
    DuplicateGroup& group = groups.emplace_back();
    group.pictures = places;
    std::sort(group.pictures.begin(), group.pictures.end(),
              [](const PicturePlace& a, const PicturePlace& b) { return OrderOf(a) < OrderOf(b); });
    for (const PicturePlace& place : places) {
      group.conflict |= place.label != places.front().label;
      group.shared |= place.set != places.front().set;
    }
  }
  std::sort(groups.begin(), groups.end(), [](const DuplicateGroup& a, const DuplicateGroup& b) {
    return OrderOf(a.pictures.front()) < OrderOf(b.pictures.front());
  });
  return groups;
}

std::vector<std::string> DataCheck::EmptyClasses(const Set& set) const {
  std::vector<std::string> labels;
  for (const auto& [label, pictures] : set.classes) {
    if (pictures == 0) labels.push_back(label);
  }
  return labels;
}

std::vector<DataCheck::BrokenPicture> DataCheck::Broken() const {
  std::vector<BrokenPicture> broken = broken_;
  std::sort(broken.begin(), broken.end(), [](const BrokenPicture& a, const BrokenPicture& b) {
    return OrderOf(a.place) < OrderOf(b.place);
  });
  return broken;
}

std::string DataCheck::Text(const Style& style) const {
  std::vector<std::string> broken, empty, repeated, conflicts, shared;
  for (const BrokenPicture& each : Broken()) {
    broken.push_back(fmt::format("{}: {}", Shown(each.place.key), each.error));
  }
  for (const Set& set : sets_) {
    for (const std::string& label : EmptyClasses(set)) {
      empty.push_back(sets_.size() == 1
                          ? Printable(label)
                          : fmt::format("{} of {}", Printable(label), Shown(set.name)));
    }
  }
  for (const DuplicateGroup& group : Duplicates()) {
    if (group.conflict) conflicts.push_back(GroupLine(group));
    if (group.shared) shared.push_back(GroupLine(group));
    if (!group.conflict && !group.shared) repeated.push_back(GroupLine(group));
  }

  std::string text;
  for (const Set& set : sets_) {
    text += fmt::format("{}: {} pictures of {} classes, {}{}\n", Shown(set.name), set.pictures,
                        set.classes.size(), MegabytesText(set.bytes),
                        interrupted ? ", interrupted" : "");
  }
  text += '\n';
  const auto count = [&](const char* name, size_t number, const char* what) {
    const std::string digits = std::to_string(number);
    text += fmt::format("{:<17}{}{}\n", name, number == 0 ? style.Green(digits) : style.Red(digits),
                        number == 0 ? "" : what);
  };
  count("broken", broken.size(), "");
  count("duplicates", repeated.size(), ", equal files in one class");
  count("label conflicts", conflicts.size(), ", equal files in different classes");
  if (sets_.size() > 1) count("in both sets", shared.size(), ", equal files");
  count("empty classes", empty.size(), "");
  return text + List(style, "broken", broken) + List(style, "duplicates", repeated) +
         List(style, "label conflicts", conflicts) + List(style, "in both sets", shared) +
         List(style, "empty classes", empty);
}

std::string DataCheck::JsonText() const {
  Json::Array sets, broken, duplicates;
  for (const Set& set : sets_) {
    Json::Array empty;
    for (const std::string& label : EmptyClasses(set)) empty.push_back(Printable(label));
    sets.push_back(Json::Object{{"data", Shown(set.name)},
                                {"pictures", set.pictures},
                                {"classes", set.classes.size()},
                                {"bytes", set.bytes},
                                {"empty_classes", std::move(empty)}});
  }
  const auto place_of = [&](const PicturePlace& place) {
    return Json::Object{{"data", Shown(sets_[place.set].name)},
                        {"image", Shown(place.key)},
                        {"label", Printable(place.label)}};
  };
  for (const BrokenPicture& each : Broken()) {
    Json::Object object = place_of(each.place);
    object.push_back({"error", each.error});
    broken.push_back(std::move(object));
  }
  for (const DuplicateGroup& group : Duplicates()) {
    Json::Array pictures;
    for (const PicturePlace& place : group.pictures) pictures.push_back(place_of(place));
    duplicates.push_back(Json::Object{
        {"conflict", group.conflict}, {"shared", group.shared}, {"pictures", std::move(pictures)}});
  }
  return ToString(Json::Object{{"sets", std::move(sets)},
                               {"broken", std::move(broken)},
                               {"duplicates", std::move(duplicates)},
                               {"interrupted", interrupted}},
                  2) +
         '\n';
}

}  // namespace mnv4::cli
