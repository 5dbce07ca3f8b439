#pragma once
/// The parts of config.json that config.cc joins.

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "mnv4/io/json_cursor.h"
#include "mnv4/io/printable.h"
#include "mnv4/model/model.h"

namespace mnv4::model {

/// [channels, height, width]
struct InputSize {
  int channels, height, width;
};
InputSize ReadInputSize(const JsonCursor& size);

/// Fills `preprocess` and the test_* fields of a model whose spec is known.
void ReadPreprocess(const JsonCursor& cfg, Model& model);

/// A word that `parse` knows; `choices` is what an error says was wanted.
template <class Choice>
Choice ReadChoice(const JsonCursor& name, std::optional<Choice> (*parse)(std::string_view),
                  const char* choices) {
  const std::optional<Choice> choice = parse(name.String());
  if (!choice) {
    name.Fail(fmt::format("'{}', expected {}", Printable(name.String(), 40), choices));
  }
  return *choice;
}

}  // namespace mnv4::model
