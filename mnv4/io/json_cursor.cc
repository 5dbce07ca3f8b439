#include "mnv4/io/json_cursor.h"

#include <fmt/format.h>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4 {

std::optional<JsonCursor> JsonCursor::Find(std::string_view key) const {
  for (const JsonMember& member : Members()) {
    if (member.key == key && !member.value.IsNull()) return Of(member);
  }
  return std::nullopt;
}

JsonCursor JsonCursor::At(std::string_view key) const {
  if (const auto member = Find(key)) return *member;
  Fail(fmt::format("no '{}'", key));
}

std::vector<JsonCursor> JsonCursor::Elements() const {
  const auto* array = value_->As<Json::Array>();
  if (array == nullptr) Fail(Found() + ", expected an array");
  std::vector<JsonCursor> elements;
  elements.reserve(array->size());
  for (size_t i = 0; i < array->size(); ++i) {
    elements.push_back({(*array)[i], place_, fmt::format("{}[{}]", path_, i)});
  }
  return elements;
}

const Json::Object& JsonCursor::Members() const {
  const auto* object = value_->As<Json::Object>();
  if (object == nullptr) Fail(Found() + ", expected an object");
  return *object;
}

JsonCursor JsonCursor::Of(const JsonMember& member) const {
  return {member.value, place_,
          fmt::format("{}{}{}", path_, path_.empty() ? "" : ".", Printable(member.key))};
}

bool JsonCursor::Bool() const {
  if (const auto* truth = value_->As<bool>()) return *truth;
  Fail(Found() + ", expected true or false");
}

int64_t JsonCursor::Integer(int64_t lowest, int64_t highest) const {
  const auto* integer = value_->As<int64_t>();
  if (integer != nullptr && lowest <= *integer && *integer <= highest) return *integer;
  Fail(fmt::format("{}, expected an integer from {} to {}", Found(), lowest, highest));
}

double JsonCursor::Number(double lowest, double highest) const {
  const auto* integer = value_->As<int64_t>();
  const auto* number = value_->As<double>();
  if (integer != nullptr || number != nullptr) {
    const double value = integer != nullptr ? static_cast<double>(*integer) : *number;
    if (lowest <= value && value <= highest) return value;
  }
  Fail(fmt::format("{}, expected a number from {} to {}", Found(), lowest, highest));
}

const std::string& JsonCursor::String() const {
  if (const auto* text = value_->As<std::string>()) return *text;
  Fail(Found() + ", expected a string");
}

void JsonCursor::Fail(const std::string& what) const {
  throw Error(ErrorCode::kInvalidFile,
              fmt::format("{}: {}{}{}", place_, path_, path_.empty() ? "" : ": ", what));
}

// Scalars are shown, containers only named.
std::string JsonCursor::Found() const {
  if (value_->As<Json::Array>() || value_->As<Json::Object>()) return value_->KindName();
  if (const auto* text = value_->As<std::string>())
    return fmt::format("'{}'", Printable(*text, 60));
  return ToString(*value_);
}

}  // namespace mnv4
