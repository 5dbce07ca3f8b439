#include "mnv4/cli/bench_report.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <utility>

#include "mnv4/cli/host.h"
#include "mnv4/cli/run_header.h"
#include "mnv4/cli/statistics.h"
#include "mnv4/runtime/step_facts.h"

namespace mnv4::cli {
namespace {

constexpr int kComparedGroups = 10;  // whose means --compare takes
constexpr int kSoakPeriods = 20;

double PicturesPerSecond(const BenchSettings& settings, double latency_ms) {
  return settings.sessions() * settings.batch_size * 1e3 / latency_ms;
}

// Of the conventions' protocols, in words.
std::string ProtocolOf(const BenchSettings& settings) {
  const char* sessions = settings.throughput ? ", a session of one thread on each thread" : "";
  if (settings.soak_s > 0) return fmt::format("back-to-back for {} s{}", settings.soak_s, sessions);
  if (!settings.paper) return fmt::format("back-to-back, each run timed alone{}", sessions);
  return fmt::format("paper: median of the means of {} times {} runs, pinned to CPU {}",
                     kPaperGroups, settings.repetitions / kPaperGroups,
                     fmt::join(settings.pins, ","));
}

// How a soak went: equal numbers of consecutive runs.
struct Period {
  double from_s = 0;  // of the time in runs
  Summary latency;
};
std::vector<Period> PeriodsOf(const BenchResult& result) {
  std::vector<Period> periods;
  double from_ms = 0;
  for (const std::span<const double> runs : Groups(result.run_ms, kSoakPeriods)) {
    periods.push_back({.from_s = from_ms / 1e3, .latency = Summarize(runs)});
    from_ms = std::accumulate(runs.begin(), runs.end(), from_ms);
  }
  return periods;
}

Table SoakTable(const BenchResult& result) {
  Table table({">from s", ">median ms", ">p99", ">pictures/s", ">of the first"});
  const std::vector<Period> periods = PeriodsOf(result);
  for (const Period& period : periods) {
    table.Add({fmt::format("{:.1f}", period.from_s), fmt::format("{:.3f}", period.latency.median),
               fmt::format("{:.3f}", period.latency.p99),
               fmt::format("{:.1f}", PicturesPerSecond(result.settings, period.latency.mean)),
               fmt::format("{:.0f} %", 100 * periods.front().latency.mean / period.latency.mean)});
  }
  return table;
}

}  // namespace

std::vector<LayerTime> DescribeLayers(const runtime::Plan& plan, const std::vector<double>& ms) {
  std::vector<LayerTime> layers;
  for (size_t i = 0; i < ms.size(); ++i) {
    const runtime::Step& step = plan.steps()[i];
    const runtime::StepFacts facts = runtime::FactsOf(plan, step);
    layers.push_back({.name = step.scope, .kernel = facts.kernel, .macs = facts.macs, .ms = ms[i]});
  }
  return layers;
}

BenchReport::BenchReport(const model::Model& model, std::string sha256, double load_ms)
    : model_(model), sha256_(std::move(sha256)), load_ms_(load_ms) {}

void BenchReport::Add(const BenchResult& result) { results_.push_back(result); }

Json BenchReport::ToJson(const BenchResult& result) const {
  const Host host = DescribeHost();
  const BenchSettings& settings = result.settings;
  const Summary latency = Summarize(result.run_ms);
  const std::vector<double> means = GroupMeans(result.run_ms, kComparedGroups);
  Json json = RunHeader(host, model_, sha256_, settings.plan, settings.batch_size, settings.height,
                        settings.width);
  json.Add("settings", Json::Object{{"threads", settings.threads},
                                    {"hint", settings.throughput ? "throughput" : "latency"},
                                    {"batch_size", settings.batch_size},
                                    {"img_size", settings.height},
                                    {"isa", ToString(settings.plan.isa)},
                                    {"affinity", host.affinity},
                                    {"warmup", settings.warmup},
                                    {"repetitions", settings.repetitions},
                                    {"protocol", ProtocolOf(settings)}});
  json.Add("latency_ms", Json::Object{{"min", latency.min},
                                      {"mean", latency.mean},
                                      {"median", latency.median},
                                      {"median_of_means", latency.median_of_means},
                                      {"p90", latency.p90},
                                      {"p99", latency.p99},
                                      {"std", latency.std},
                                      {"group_means", Json::Array(means.begin(), means.end())}});
  json.Add("throughput_ips", PicturesPerSecond(settings, latency.mean));
  json.Add("first_run_ms", result.first_run_ms);
  json.Add("load_ms", load_ms_);
  json.Add("peak_rss_mb", result.peak_rss_mb);
  json.Add("arena_mb", result.arena_mb);
  json.Add("warnings", Json::Array(result.warnings.begin(), result.warnings.end()));
  if (settings.soak_s > 0) {
    Json::Array periods;
    for (const Period& period : PeriodsOf(result)) {
      periods.push_back(Json::Object{{"from_s", period.from_s},
                                     {"mean", period.latency.mean},
                                     {"median", period.latency.median},
                                     {"p99", period.latency.p99}});
    }
    json.Add("soak", std::move(periods));
  }
  if (!settings.layers) return json;
  Json::Array layers;
  for (const LayerTime& layer : result.layers) {
    layers.push_back(Json::Object{
        {"name", layer.name}, {"kernel", layer.kernel}, {"macs", layer.macs}, {"ms", layer.ms}});
  }
  json.Add("layers", std::move(layers));
  return json;
}

std::string BenchReport::JsonText(bool as_array) const {
  if (!as_array) return ToString(ToJson(results_.front()), 2) + '\n';
  Json::Array array;
  for (const BenchResult& result : results_) array.push_back(ToJson(result));
  return ToString(Json(std::move(array)), 2) + '\n';
}

std::string BenchReport::JsonLines() const {
  std::string text;
  for (const BenchResult& result : results_) text += ToString(ToJson(result)) + '\n';
  return text;
}

Table BenchReport::AsTable() const {
  Table table({">size", ">batch", ">threads", ">min ms", ">mean", ">median", ">p90", ">p99", ">std",
               ">pictures/s", ">GMACs/s", ">first run ms", ">RSS MB"});
  for (const BenchResult& result : results_) {
    const BenchSettings& s = result.settings;
    const Summary latency = Summarize(result.run_ms);
    const double pictures = PicturesPerSecond(s, latency.mean);
    const double macs = static_cast<double>(TotalsFor(model_, s.height, s.width).macs());
    const auto ms = [](double value) { return fmt::format("{:.3f}", value); };
    table.Add({fmt::format("{}", s.height), fmt::format("{}", s.batch_size),
               fmt::format("{}", s.threads), ms(latency.min), ms(latency.mean), ms(latency.median),
               ms(latency.p90), ms(latency.p99), ms(latency.std), fmt::format("{:.1f}", pictures),
               fmt::format("{:.1f}", pictures * macs / 1e9),
               fmt::format("{:.1f}", result.first_run_ms),
               fmt::format("{:.1f}", result.peak_rss_mb)});
  }
  return table;
}

std::string BenchReport::Text(const Style& style) const {
  const Host host = DescribeHost();
  std::string text = fmt::format(
      "{}{}, {}, on {} ({} cores, {})\nload {:.1f} ms\n\n", model_.spec.name,
      model_.random_weights ? " (random weights)" : "",
      PrecisionText(results_.empty() ? runtime::PlanOptions() : results_.front().settings.plan),
      host.cpu, host.cores, ToString(HostIsa()), load_ms_);
  text += AsTable().Text(style);
  if (!results_.empty() && results_.front().settings.throughput) {
    text += "\nEach thread ran a session of its own; a time is that of one run of one session.\n";
  }
  for (const BenchResult& result : results_) {
    const BenchSettings& s = result.settings;
    if (s.paper) {
      text += fmt::format("\nthreads {}, {}: {:.3f} ms\n", s.threads, ProtocolOf(s),
                          Summarize(result.run_ms, kPaperGroups).median_of_means);
    }
    if (s.soak_s > 0) text += '\n' + SoakTable(result).Text(style);
  }
  for (const BenchResult& result : results_) {
    if (result.layers.empty()) continue;
    double sum = 0;
    for (const LayerTime& layer : result.layers) sum += layer.ms;
    Table layers({"layer", "kernel", ">ms", ">%", ">MMACs", ">GMACs/s"});
    for (const LayerTime& layer : result.layers) {
      const double macs = static_cast<double>(layer.macs);
      layers.Add({layer.name, layer.kernel, fmt::format("{:.4f}", layer.ms),
                  fmt::format("{:.1f}", 100 * layer.ms / sum), fmt::format("{:.2f}", macs / 1e6),
                  fmt::format("{:.1f}", macs / 1e6 / layer.ms)});
    }
    const BenchSettings& s = result.settings;
    text += fmt::format("\nsize {}, batch {}, threads {}:\n{}", s.height, s.batch_size, s.threads,
                        layers.Text(style));
  }
  return text;
}

}  // namespace mnv4::cli
