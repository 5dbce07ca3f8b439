// mnv4 info: what a network is and costs.

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>

#include "mnv4/analysis/layers.h"
#include "mnv4/arch/arch.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/plan_report.h"
#include "mnv4/io/json.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::cli {
namespace {

constexpr Option kLayers = {.name = "layers", .help = "also a table of all layers"};
constexpr Option kPlan = {.name = "plan",
                          .help = "also what runs: each step's kernel, layouts and memory"};
constexpr Option kText = {.name = "text",
                          .help = "print the network's text form instead, which -m reads back"};

constexpr Option kOptions[] = {kModel,     kLayers,      kPlan,    kJson,         kText,
                               kImgSize,   kNumClasses,  kInChans, kOutputStride, kIsa,
                               kPrecision, kPackedCache, kQuiet};

struct Endpoint {
  std::string name;  ///< "C3"
  int stride = 0;    ///< of the input's height
  Shape shape;       ///< n h w c
};

// Everything the two forms print, for one picture of the model's size.
struct Facts {
  const model::Model& model;
  std::vector<Layer> layers = {};
  Totals totals = {};
  int64_t parameters_without_norm = 0;
  int64_t peak_activation_bytes = 0;
  std::string weight_type = {};  ///< "F32", "F16 F32"
  std::vector<Endpoint> endpoints = {};
};

Facts Gather(const model::Model& model) {
  const Preprocess& input = model.preprocess;
  const Graph graph = model.GraphFor(1, input.height, input.width);
  Facts facts{.model = model, .layers = LayersOf(graph)};
  facts.totals = TotalsOf(facts.layers);
  for (const Layer& layer : facts.layers) {
    if (!std::holds_alternative<BatchNorm>(graph.at(layer.id).op)) {
      facts.parameters_without_norm += layer.cost.parameters;
    }
  }
  facts.peak_activation_bytes = PeakActivationBytes(graph);
  std::set<std::string> types;
  for (const auto& [name, tensor] : model.weights) {
    if (!name.ends_with("num_batches_tracked")) types.insert(Name(tensor.type.dtype));
  }
  facts.weight_type = fmt::format("{}", fmt::join(types, " "));
  for (const auto& [name, id] : graph.outputs) {
    if (name.size() != 2 || name[0] != 'C') continue;
    const Shape& shape = graph.at(id).type.shape;
    const double stride = static_cast<double>(input.height) / static_cast<double>(shape[1]);
    facts.endpoints.push_back({name, static_cast<int>(std::lround(stride)), shape});
  }
  return facts;
}

Json ToJson(const Facts& facts, bool with_layers) {
  const model::Model& model = facts.model;
  const Preprocess& p = model.preprocess;
  Json json =
      Json::Object{{"name", model.spec.name},
                   {"tag", model.tag},
                   {"source", model.source},
                   {"random_weights", model.random_weights},
                   {"params", facts.totals.cost.parameters},
                   {"params_without_batch_norm", facts.parameters_without_norm},
                   {"macs", facts.totals.macs()},
                   {"attention_macs", facts.totals.cost.attention_macs},
                   {"flops", facts.totals.flops()},
                   {"weight_bytes", facts.totals.weight_bytes},
                   {"weight_type", facts.weight_type},
                   {"peak_activation_bytes", facts.peak_activation_bytes},
                   {"moved_activation_bytes", facts.totals.activation_bytes},
                   {"num_classes", model.spec.num_classes},
                   {"labels", model.labels.size()},
                   {"preprocess", Json::Object{{"channels", p.channels},
                                               {"height", p.height},
                                               {"width", p.width},
                                               {"crop_pct", p.crop_pct},
                                               {"crop_mode", Name(p.crop_mode)},
                                               {"interpolation", Name(p.interpolation)},
                                               {"mean", Json::Array(p.mean.begin(), p.mean.end())},
                                               {"std", Json::Array(p.std.begin(), p.std.end())}}}};
  Json::Array endpoints;
  for (const Endpoint& each : facts.endpoints) {
    endpoints.push_back(Json::Object{{"name", each.name},
                                     {"stride", each.stride},
                                     {"height", each.shape[1]},
                                     {"width", each.shape[2]},
                                     {"channels", each.shape[3]}});
  }
  json.Add("endpoints", std::move(endpoints));
  if (!with_layers) return json;
  Json::Array layers;
  for (const Layer& layer : facts.layers) {
    layers.push_back(Json::Object{{"name", layer.name},
                                  {"op", layer.op},
                                  {"output", Json::Array(layer.output.begin(), layer.output.end())},
                                  {"params", layer.cost.parameters},
                                  {"macs", layer.cost.macs + layer.cost.attention_macs},
                                  {"weight_bytes", layer.weight_bytes},
                                  {"activation_bytes", layer.activation_bytes}});
  }
  json.Add("layers", std::move(layers));
  return json;
}

// "1,234,567".
std::string Grouped(int64_t value) {
  std::string text = std::to_string(value);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<size_t>(at), 1, ',');
  }
  return text;
}

double Per(int64_t value, double unit) { return static_cast<double>(value) / unit; }

constexpr double kMebi = 1 << 20, kGibi = 1 << 30;

std::string TotalsText(const Facts& facts) {
  const model::Model& model = facts.model;
  const Preprocess& p = model.preprocess;
  const Totals& totals = facts.totals;
  const std::string attention =
      totals.cost.attention_macs == 0
          ? ""
          : fmt::format(", {:.4f} G of them in attention", Per(totals.cost.attention_macs, 1e9));
  std::string text = fmt::format(
      "network      {}{}{}\n"
      "input        {} x {} x {} (channels, height, width), batch 1\n"
      "parameters   {} ({:.2f} M)\n"
      "MACs         {} ({:.4f} G){}\n"
      "FLOPs        {} ({:.4f} G): two a MAC\n"
      "paper's way  {:.3f} Mi parameters without batch norm, {:.3f} Gi MACs\n"
      "weights      {:.2f} MB, {}{}\n"
      "activations  {:.2f} MB at most at once, {:.2f} MB moved (fp32)\n"
      "preprocess   {}, {}, crop {}, mean {:.4g}, std {:.4g}\n"
      "classes      {}, {} labels\n",
      model.spec.name, model.tag.empty() ? "" : ".", model.tag, p.channels, p.height, p.width,
      Grouped(totals.cost.parameters), Per(totals.cost.parameters, 1e6), Grouped(totals.macs()),
      Per(totals.macs(), 1e9), attention, Grouped(totals.flops()), Per(totals.flops(), 1e9),
      Per(facts.parameters_without_norm, kMebi), Per(totals.macs(), kGibi),
      Per(totals.weight_bytes, 1e6), facts.weight_type, model.random_weights ? " (random)" : "",
      Per(facts.peak_activation_bytes, 1e6), Per(totals.activation_bytes, 1e6),
      Name(p.interpolation), Name(p.crop_mode), p.crop_pct, fmt::join(p.mean, " "),
      fmt::join(p.std, " "), model.spec.num_classes, model.labels.size());
  for (const Endpoint& each : facts.endpoints) {
    text += fmt::format("{:<12} {} channels, {} x {}, stride {}\n", each.name, each.shape[3],
                        each.shape[1], each.shape[2], each.stride);
  }
  return text;
}

std::string LayersText(const Facts& facts, const Style& style) {
  Table table({"layer", "op", "output h w c", ">params", ">MACs", ">weights kB", ">moved kB"});
  for (const Layer& layer : facts.layers) {
    table.Add({layer.name, layer.op,
               fmt::format("{} {} {}", layer.output[1], layer.output[2], layer.output[3]),
               Grouped(layer.cost.parameters), Grouped(layer.cost.macs + layer.cost.attention_macs),
               fmt::format("{:.1f}", Per(layer.weight_bytes, 1e3)),
               fmt::format("{:.1f}", Per(layer.activation_bytes, 1e3))});
  }
  return '\n' + table.Text(style);
}

// For one picture, like everything here.
runtime::Plan PlanOf(const model::Model& model, const runtime::PlanOptions& options) {
  runtime::PackedWeights packed;
  const Preprocess& input = model.preprocess;
  return runtime::Plan(model.GraphFor(1, input.height, input.width), options, packed);
}

int Run(const Arguments& arguments) {
  model::LoadOptions options = NetworkOptions(arguments);
  if (arguments.Has(kImgSize)) options.img_size = arguments.Integer(kImgSize);
  const model::Model model = LoadModel(arguments, options);
  Output output;
  if (arguments.Has(kText)) {
    output.Write(Print(model.spec));
  } else {
    const Facts facts = Gather(model);
    const runtime::PlanOptions plan_options = PlanOptionsFrom(arguments);
    std::optional<runtime::Plan> plan;
    if (arguments.Has(kPlan)) plan.emplace(PlanOf(model, plan_options));
    if (arguments.Has(kJson)) {
      Json json = ToJson(facts, arguments.Has(kLayers));
      if (plan) json.Add("plan", PlanJson(*plan, plan_options));
      output.Write(ToString(json, 2) + '\n');
    } else {
      output.Write(TotalsText(facts));
      if (arguments.Has(kLayers)) output.Write(LayersText(facts, output.style()));
      if (plan) output.Write('\n' + PlanText(*plan, plan_options, output.style()));
    }
  }
  output.Finish();
  return 0;
}

}  // namespace

const Command kInfo = {
    .name = "info",
    .summary = "a network's parameters, MACs, bytes, memory and layers",
    .options = kOptions,
    .details =
        "Counted for one picture of the model's size; batch norm's parameters are included, its\n"
        "running statistics are not; attention's two products are MACs. MB and kB are 10^6 and\n"
        "10^3 bytes. The paper prints binary units (Mi = 2^20, Gi = 2^30).\n"
        "--plan: C16+1 is the layout C16 with a halo of one pixel (top/left/bottom/right where "
        "they\n"
        "differ); a residual is what a step reads last; packed kB are the weights as the kernel\n"
        "reads them, arena at is the byte where the result lies.",
    .example =
        "mnv4 info -m conv_small --layers\n"
        "  mnv4 info -m conv_small --plan --isa avx2",
    .run = Run};

}  // namespace mnv4::cli
