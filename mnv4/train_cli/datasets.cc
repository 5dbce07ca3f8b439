#include "mnv4/train_cli/datasets.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/data/dataset.h"
#include "mnv4/io/printable.h"
#include "mnv4/train_cli/scenes.h"

namespace mnv4::train_cli {
namespace {

using Operands = std::vector<std::string>;

constexpr int kSceneSide = 128;  // pixels

// "scenes", "train", "1000" of "scenes:train:1000"; empty if it does not start so.
Operands SplitMadeUp(const Operands& operands) {
  if (operands.size() != 1) return {};
  const std::string& text = operands[0];
  if (!text.starts_with("scenes:") && !text.starts_with("synthetic:")) return {};
  Operands parts = {""};
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

int64_t CountOf(const std::string& text, const std::string& whole, int64_t most) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1 || count > most) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}', expected a number from 1 to {}", Printable(whole),
                            Printable(text, 40), most));
  }
  return count;
}

// Some samples of a source, with other class numbers.
class Selection : public data::Source {
 public:
  Selection(std::unique_ptr<data::Source> source, std::vector<int64_t> samples,
            std::map<int, int> classes)
      : source_(std::move(source)), samples_(std::move(samples)), classes_(std::move(classes)) {}

  int64_t Size() const override { return static_cast<int64_t>(samples_.size()); }
  int LabelOf(int64_t index) const override {
    return classes_.at(source_->LabelOf(samples_[static_cast<size_t>(index)]));
  }
  data::Sample Get(int64_t epoch, int64_t index) const override {
    data::Sample sample = source_->Get(epoch, samples_[static_cast<size_t>(index)]);
    for (int& label : sample.labels) label = classes_.at(label);
    return sample;
  }

 private:
  const std::unique_ptr<data::Source> source_;
  const std::vector<int64_t> samples_;
  const std::map<int, int> classes_;  // number in the source: number here
};

// Those of `all` that data.only and data.without leave.
std::vector<std::string> Selected(const recipe::DataSection& section,
                                  const std::vector<std::string>& all) {
  for (const auto& names : {section.only, section.without}) {
    for (const std::string& name : names) {
      if (std::find(all.begin(), all.end(), name) != all.end()) continue;
      std::vector<const char*> known;
      for (const std::string& label : all) known.push_back(label.c_str());
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("data.only, data.without: '{}' is no class of the data; did you mean "
                              "{}?",
                              Printable(name, 60), NearestName(name, known)));
    }
  }
  std::vector<std::string> selected;
  for (const std::string& label : all) {
    const auto in = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), label) != names.end();
    };
    if ((section.only.empty() || in(section.only)) && !in(section.without)) {
      selected.push_back(label);
    }
  }
  return selected;
}

class Opener {
 public:
  explicit Opener(const recipe::Recipe& recipe) : section_(recipe.data), recipe_(recipe) {}

  train::Datasets Open() {
    if (section_.train.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "data.train is missing: what should it train on?");
    }
    all_ = AllLabels();
    labels_ = Selected(section_, all_);
    if (labels_.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "data.without: no class is left");
    }
    train::Datasets datasets;
    datasets.labels = labels_;
    datasets.train = Source(section_.train, section_.per_class);
    if (!section_.val.empty()) datasets.val = Source(section_.val, 0);
    return datasets;
  }

 private:
  // By the training data; the class map counts first.
  std::vector<std::string> AllLabels() const {
    const Operands parts = SplitMadeUp(section_.train);
    if (!parts.empty() && parts[0] == "scenes") return SceneLabels();
    if (!parts.empty()) {
      const int64_t classes = CountOf(parts.size() > 1 ? parts[1] : "", section_.train[0], 10000);
      std::vector<std::string> labels;
      for (int64_t i = 0; i < classes; ++i) labels.push_back(fmt::format("pattern {}", i));
      return labels;
    }
    if (!section_.class_map.empty()) return data::ClassMap::Read(section_.class_map).Names();
    std::error_code ignored;
    if (section_.train.size() == 1 && std::filesystem::is_directory(section_.train[0], ignored)) {
      return data::ClassFolders(section_.train[0]);
    }
    if (recipe_.model.num_classes > 0) {
      return data::ClassMap(static_cast<int>(recipe_.model.num_classes)).Names();
    }
    const std::vector<std::string> names = data::ClassesIn(section_.train).Names();
    if (names.size() >= static_cast<size_t>(data::kMostClasses)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: shards do not say how many classes there are; expected "
                              "data.class_map or model.num_classes",
                              Printable(section_.train[0])));
    }
    return names;
  }

  std::unique_ptr<data::Source> Source(const Operands& operands, int64_t per_class) const {
    const Operands parts = SplitMadeUp(operands);
    if (parts.empty()) return Select(OpenFiles(operands), per_class);
    const std::string& whole = operands[0];
    const bool scenes = parts[0] == "scenes";
    if (parts.size() != 3 || (scenes && parts[1] != "train" && parts[1] != "heldout")) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: expected {}", Printable(whole),
                              scenes ? "scenes:train:COUNT or scenes:heldout:COUNT"
                                     : "synthetic:CLASSES:COUNT"));
    }
    int64_t count = CountOf(parts[2], whole, int64_t{1} << 40);
    const auto seed = static_cast<uint64_t>(recipe_.train.seed);
    if (!scenes) {
      const auto classes = static_cast<int>(CountOf(parts[1], whole, 10000));
      return Select(data::SyntheticSource(classes, count, kSceneSide, seed), per_class);
    }
    if (per_class > 0) count = per_class * static_cast<int64_t>(labels_.size());
    const auto side = recipe_.model.img_size > 0 ? recipe_.model.img_size : kSceneSide;
    return SceneSource({.heldout = parts[1] == "heldout",
                        .count = count,
                        .seed = seed,
                        .side = static_cast<int>(side),
                        .same_every_epoch = per_class > 0,
                        .labels = labels_});
  }

  std::unique_ptr<data::Source> OpenFiles(const Operands& operands) const {
    data::ClassMap classes(static_cast<int>(all_.size()));
    classes.AddNames(all_);
    return data::OpenSource(operands, classes);
  }

  // The samples of the selected classes, at most per_class of each if that is not 0.
  std::unique_ptr<data::Source> Select(std::unique_ptr<data::Source> source,
                                       int64_t per_class) const {
    if (per_class == 0 && labels_.size() == all_.size()) return source;
    std::map<int, int> classes;
    for (size_t i = 0; i < labels_.size(); ++i) {
      const auto at = std::find(all_.begin(), all_.end(), labels_[i]) - all_.begin();
      classes[static_cast<int>(at)] = static_cast<int>(i);
    }
    std::map<int, int64_t> taken;
    std::vector<int64_t> samples;
    for (int64_t i = 0; i < source->Size(); ++i) {
      const int label = source->LabelOf(i);
      if (!classes.contains(label)) continue;
      if (per_class > 0 && taken[label]++ >= per_class) continue;
      samples.push_back(i);
    }
    return std::make_unique<Selection>(std::move(source), std::move(samples), std::move(classes));
  }

  const recipe::DataSection& section_;
  const recipe::Recipe& recipe_;
  std::vector<std::string> all_, labels_;
};

}  // namespace

train::Datasets OpenDatasets(const recipe::Recipe& recipe) { return Opener(recipe).Open(); }

}  // namespace mnv4::train_cli
