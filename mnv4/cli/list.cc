// mnv4 list: the zoo, every architecture and published set of weights.

#include <fmt/format.h>
#include <fnmatch.h>

#include "mnv4/analysis/layers.h"
#include "mnv4/arch/arch.h"
#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {
namespace {

constexpr Option kOptions[] = {kJson};

struct Row {
  PretrainedTag tag;
  std::string name;  ///< "mobilenetv4_conv_small.e2400_r224_in1k"
  bool is_default;   ///< what the architecture's name alone stands for
  Totals totals;     ///< one picture of the tag's size
};

// True if `name` matches a shell pattern, or contains it if it has no wildcards.
bool Matches(const std::string& name, const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) {
    return name.find(pattern) != std::string::npos;
  }
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

std::vector<Row> MatchingRows(const std::string& pattern) {
  std::vector<Row> rows;
  std::string last_architecture;
  for (const PretrainedTag& tag : PretrainedTags()) {
    const bool is_default = last_architecture != tag.architecture;
    last_architecture = tag.architecture;
    const std::string name = fmt::format("{}.{}", tag.architecture, tag.tag);
    if (!Matches(name, pattern)) continue;
    std::optional<NetworkSpec> spec = FindArchitecture(tag.architecture);
    MNV4_CHECK(spec.has_value());
    spec->num_classes = tag.num_classes;
    rows.push_back(
        {tag, name, is_default, TotalsOf(LayersOf(Lower(*spec, 1, tag.size, tag.size)))});
  }
  return rows;
}

const char* MeanStdName(MeanStd mean_std) {
  switch (mean_std) {
    case MeanStd::kImageNet:
      return "imagenet";
    case MeanStd::kHalf:
      return "half";
    case MeanStd::kZero:
      return "zero";
  }
  return "";
}

Json ToJson(const Row& row) {
  const auto or_null = [](double value) { return value > 0 ? Json(value) : Json(); };
  Json test;
  if (row.tag.test_size > 0) {
    test = Json::Object{{"size", row.tag.test_size},
                        {"crop_pct", row.tag.test_crop_pct},
                        {"top1", or_null(row.tag.test_top1)}};
  }
  return Json::Object{{"name", row.name},
                      {"architecture", row.tag.architecture},
                      {"tag", row.tag.tag},
                      {"default", row.is_default},
                      {"size", row.tag.size},
                      {"crop_pct", row.tag.crop_pct},
                      {"interpolation", row.tag.bilinear ? "bilinear" : "bicubic"},
                      {"mean_std", MeanStdName(row.tag.mean_std)},
                      {"classes", row.tag.num_classes},
                      {"params", row.totals.cost.parameters},
                      {"macs", row.totals.macs()},
                      {"top1", or_null(row.tag.top1)},
                      {"test", test},
                      {"on_hub", row.tag.on_hub}};
}

std::string Text(const std::vector<Row>& rows, const Style& style) {
  Table table({"name", "", ">size", ">crop", ">classes", ">params M", ">GMACs", ">top-1 %", "hub"});
  for (const Row& row : rows) {
    table.Add({row.name, row.is_default ? "*" : "", fmt::format("{}", row.tag.size),
               fmt::format("{}", row.tag.crop_pct), fmt::format("{}", row.tag.num_classes),
               fmt::format("{:.2f}", static_cast<double>(row.totals.cost.parameters) / 1e6),
               fmt::format("{:.3f}", static_cast<double>(row.totals.macs()) / 1e9),
               row.tag.top1 > 0 ? fmt::format("{:.2f}", row.tag.top1) : "-",
               row.tag.on_hub ? "timm" : "-"});
  }
  return table.Text(style) +
         "\n* what the name without its tag stands for. top-1: ImageNet-1k validation at this "
         "size.\n";
}

int Run(const Arguments& arguments) {
  const std::string pattern = arguments.operands().empty() ? "*" : arguments.operands().front();
  const std::vector<Row> rows = MatchingRows(pattern);
  if (rows.empty()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("'{}' matches no network; nearest: {}",
                                                         pattern, NearestArchitecture(pattern)));
  }
  Output output;
  if (arguments.Has(kJson)) {
    Json::Array array;
    for (const Row& row : rows) array.push_back(ToJson(row));
    output.Write(ToString(Json(std::move(array)), 2) + '\n');
  } else {
    output.Write(Text(rows, output.style()));
  }
  output.Finish();
  return 0;
}

}  // namespace

const Command kList = {
    .name = "list",
    .summary = "the networks this program knows, with size, cost and accuracy",
    .operands = "[PATTERN]",
    .most_operands = 1,
    .options = kOptions,
    .details =
        "PATTERN is part of a name, or a shell pattern for all of it ('*small*').\n"
        "A network on the hub is loaded from a folder: download config.json and\n"
        "model.safetensors of huggingface.co/timm/NAME and give -m FOLDER, or leave them\n"
        "in the Hugging Face cache and give -m hf-hub:timm/NAME.",
    .example = "mnv4 list hybrid",
    .run = Run};

}  // namespace mnv4::cli
