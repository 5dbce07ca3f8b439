#include "mnv4/model/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "mnv4/model/config.h"

namespace mnv4::model {
namespace {

// The class a key of a dictionary of names stands for.
size_t ClassOf(const JsonCursor& name, const std::string& key) {
  int index = 0;
  const char* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, index);
  if (error != std::errc() || stop != end || index < 0 || index >= kMaxClasses) {
    name.Fail(fmt::format("expected the number of a class below {} as key", kMaxClasses));
  }
  return static_cast<size_t>(index);
}

std::vector<std::string> ReadNames(const JsonCursor& names) {
  std::vector<std::string> result;
  if (names.value().As<Json::Object>() == nullptr) {
    for (const JsonCursor& name : names.Elements()) result.push_back(name.String());
    return result;
  }
  for (const JsonMember& member : names.Members()) {
    const JsonCursor name = names.Of(member);
    const size_t index = ClassOf(name, member.key);
    if (index >= result.size()) result.resize(index + 1);
    result[index] = name.String();
  }
  return result;
}

}  // namespace

void ReadLabels(const std::optional<JsonCursor>& names,
                const std::optional<JsonCursor>& descriptions, Model& model) {
  if (!names) return;
  model.label_names = ReadNames(*names);
  std::map<std::string_view, std::string> described;
  if (descriptions) {
    for (const JsonMember& member : descriptions->Members()) {
      described[member.key] = descriptions->Of(member).String();
    }
  }
  for (size_t i = 0; i < model.label_names.size(); ++i) {
    const std::string& name = model.label_names[i];
    const auto description = described.find(name);
    model.labels.push_back(name.empty()                     ? std::to_string(i)
                           : description != described.end() ? description->second
                                                            : name);
  }
}

void PrintLabels(const Model& model, Json& config) {
  const auto& names = model.label_names.empty() ? model.labels : model.label_names;
  if (names.empty()) return;
  Json list = Json::Array(names.begin(), names.end());
  if (std::find(names.begin(), names.end(), "") != names.end()) {
    list = Json::Object();
    for (size_t i = 0; i < names.size(); ++i) {
      if (!names[i].empty()) list.Add(std::to_string(i), names[i]);
    }
  }
  config.Add("label_names", std::move(list));

  std::map<std::string_view, std::string_view> described;  // a name may belong to two classes
  for (size_t i = 0; i < names.size() && i < model.labels.size(); ++i) {
    if (!names[i].empty() && names[i] != model.labels[i]) described[names[i]] = model.labels[i];
  }
  if (described.empty()) return;
  Json descriptions;
  for (const auto& [name, description] : described) {
    descriptions.Add(std::string(name), description);
  }
  config.Add("label_descriptions", std::move(descriptions));
}

}  // namespace mnv4::model
