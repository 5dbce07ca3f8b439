#pragma once
/// Reads fields out of JSON with errors that say where: file, JSON path, found, wanted.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/io/json.h"

namespace mnv4 {

/// A value and its place. Borrows the value. What does not fit throws Error(kInvalidFile), as in
/// "config.json: pretrained_cfg.std[0]: 0, expected a number from 1e-06 to 1e+06".
class JsonCursor {
 public:
  /// `place` opens every message: "config.json", "model.safetensors: tensor bn1.weight".
  JsonCursor(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const Json& value() const { return *value_; }

  /// The member `key` of an object; nullopt if it is absent or null.
  std::optional<JsonCursor> Find(std::string_view key) const;
  /// The same where it must be there.
  JsonCursor At(std::string_view key) const;
  /// The elements of an array.
  std::vector<JsonCursor> Elements() const;
  /// The members of an object.
  const Json::Object& Members() const;
  /// A member that Members() gave.
  JsonCursor Of(const JsonMember& member) const;

  bool Bool() const;
  int64_t Integer(int64_t lowest, int64_t highest) const;
  double Number(double lowest, double highest) const;
  const std::string& String() const;

  /// Throws "<place>: <path>: <what>".
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  JsonCursor(const Json& value, std::string place, std::string path)
      : value_(&value), place_(std::move(place)), path_(std::move(path)) {}
  std::string Found() const;

  const Json* value_;
  std::string place_;
  std::string path_;
};

}  // namespace mnv4
