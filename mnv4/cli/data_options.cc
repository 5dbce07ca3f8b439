#include "mnv4/cli/data_options.h"

#include <fmt/format.h>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {

data::ClassMap ClassesFrom(const Arguments& arguments, const std::vector<std::string>& operands) {
  if (arguments.Has(kClassMap)) {
    const std::string file = arguments.Text(kClassMap);
    return arguments.Has(kClassCount) ? data::ClassMap::Read(file, arguments.Integer(kClassCount))
                                      : data::ClassMap::Read(file);
  }
  if (arguments.Has(kClassCount)) return data::ClassMap(arguments.Integer(kClassCount));
  return data::ClassesIn(operands);
}

void LabelledSet::RequirePictures() const {
  if (samples->Size() > 0) return;
  throw Error(ErrorCode::kInvalidFile, fmt::format("{}: no pictures", Printable(name, 4096)));
}

std::string LabelledSet::LabelOf(int index) const {
  const auto i = static_cast<size_t>(index);
  return i < labels.size() ? labels[i] : std::to_string(index);
}

std::unique_ptr<LabelledSet> OpenLabelledSet(const Arguments& arguments,
                                             const std::vector<std::string>& operands) {
  auto set =
      std::make_unique<LabelledSet>(LabelledSet{.name = fmt::format("{}", fmt::join(operands, " ")),
                                                .classes = ClassesFrom(arguments, operands),
                                                .labels = {},
                                                .samples = nullptr});
  if (set->classes.classes() < data::kMostClasses) set->labels = set->classes.Names();
  set->samples = data::OpenDataset(operands, set->classes);
  return set;
}

}  // namespace mnv4::cli
