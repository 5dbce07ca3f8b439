#pragma once
/// Options of `mnv4 data`, and the data sets they open.

#include <memory>
#include <string>
#include <vector>

#include "mnv4/cli/options.h"
#include "mnv4/data/dataset.h"

namespace mnv4::cli {

inline constexpr Option kAgainst = {.name = "against",
                                    .kind = ValueKind::kText,
                                    .value = "DATA",
                                    .help = "check: a set with which none may be shared"};
inline constexpr Option kStatsSize = {.name = "img-size",
                                      .kind = ValueKind::kInteger,
                                      .value = "N",
                                      .fallback = "224",
                                      .help = "stats: side in pixels at which colours are measured",
                                      .least = 1,
                                      .most = 8192};
inline constexpr Option kPreviewRecipe = {
    .name = "recipe",
    .kind = ValueKind::kText,
    .value = "RECIPE",
    .help = "preview: a file, or the name of one in recipes/; else defaults"};
inline constexpr Option kPreviewSet = {.name = "set",
                                       .kind = ValueKind::kTexts,
                                       .value = "KEY=VALUE",
                                       .help = "preview: another value for a key of the recipe"};
inline constexpr Option kPreviewCount = {.name = "count",
                                         .kind = ValueKind::kInteger,
                                         .value = "N",
                                         .fallback = "16",
                                         .help = "preview: how many pictures",
                                         .least = 1,
                                         .most = 1000};
inline constexpr Option kPreviewSeed = {.name = "seed",
                                        .kind = ValueKind::kText,
                                        .value = "N",
                                        .help = "preview: the run's; else the recipe's"};
inline constexpr Option kClassCount = {.name = "num-classes",
                                       .kind = ValueKind::kInteger,
                                       .value = "N",
                                       .help = "how many classes there are; labels are numbers",
                                       .least = 1,
                                       .most = data::kMostClasses};

/// A data set without a model.
struct LabelledSet {
  std::string name;        ///< as it was given
  data::ClassMap classes;  ///< which `samples` uses
  std::vector<std::string>
      labels;  ///< of the classes; empty: they are numbers, nobody knows how many
  std::unique_ptr<data::Dataset> samples;

  /// After the last sample. Throws Error(kInvalidFile) if there was none.
  void RequirePictures() const;

  /// A class's name. Classes are compared by it.
  std::string LabelOf(int index) const;
};

/// --class-map and --num-classes, else the classes of what `operands` name.
data::ClassMap ClassesFrom(const Arguments& arguments, const std::vector<std::string>& operands);

/// Opens what `operands` name, with the classes of --class-map and --num-classes, else its own.
std::unique_ptr<LabelledSet> OpenLabelledSet(const Arguments& arguments,
                                             const std::vector<std::string>& operands);

}  // namespace mnv4::cli
