#pragma once
/// Class names: timm's label_names (a list, or a dictionary with gaps) and label_descriptions.

#include <optional>

#include "mnv4/io/json_cursor.h"
#include "mnv4/model/model.h"

namespace mnv4::model {

/// Fills `labels` and `label_names`. A class is shown by the description of its name if there is
/// one, else by its name, else by its number. Either argument may be missing.
void ReadLabels(const std::optional<JsonCursor>& names,
                const std::optional<JsonCursor>& descriptions, Model& model);

/// Adds "label_names" and "label_descriptions" to `config`, if there are any.
void PrintLabels(const Model& model, Json& config);

}  // namespace mnv4::model
