#include "mnv4/cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/sweep.h"

namespace mnv4::cli {
namespace {

[[noreturn]] void Refuse(const Option& option, const std::string& text, const std::string& wanted) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("--{}: '{}', expected {}", option.name, text, wanted));
}

double ParseNumber(const Option& option, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  const bool whole = option.kind == ValueKind::kNumber || option.kind == ValueKind::kNumbers ||
                     std::floor(value) == value;
  if (!is_number || !whole || !(value >= option.least && value <= option.most)) {
    Refuse(
        option, std::string(text),
        fmt::format("a {}number from {} to {}", option.kind == ValueKind::kInteger ? "whole " : "",
                    option.least, option.most));
  }
  return value;
}

std::vector<double> ParseNumbers(const Option& option, std::string_view text) {
  std::vector<double> values;
  while (true) {
    const size_t comma = text.find(',');
    values.push_back(ParseNumber(option, text.substr(0, comma)));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

std::vector<int> ParseIntegers(const Option& option, const std::string& text) {
  const std::vector<int> values =
      ParseSweep(text, static_cast<int>(option.least), static_cast<int>(option.most));
  if (values.empty()) {
    Refuse(option, text,
           fmt::format("whole numbers from {} to {} as 1,2 or 1-4 or 1-8*2 or 128-256+32",
                       option.least, option.most));
  }
  return values;
}

void CheckValue(const Option& option, const std::string& text) {
  switch (option.kind) {
    case ValueKind::kFlag:
      return;
    case ValueKind::kText:
    case ValueKind::kTexts:
      if (text.empty()) Refuse(option, text, option.value);
      return;
    case ValueKind::kChoice:
      if (std::find(option.choices.begin(), option.choices.end(), text) == option.choices.end()) {
        Refuse(option, text,
               fmt::format("{}; did you mean {}?", fmt::join(option.choices, ", "),
                           NearestName(text, option.choices)));
      }
      return;
    case ValueKind::kInteger:
    case ValueKind::kNumber:
      ParseNumber(option, text);
      return;
    case ValueKind::kIntegers:
      ParseIntegers(option, text);
      return;
    case ValueKind::kNumbers:
      ParseNumbers(option, text);
      return;
  }
}

const Option* Find(const Command& command, std::string_view name) {
  for (const Option& option : command.options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string Operands(const Command& command) {
  return *command.operands == '\0' ? "no operand" : command.operands;
}

}  // namespace

Arguments::Arguments(const Command& command, std::map<std::string, std::string> values,
                     std::vector<std::string> operands)
    : command_(command), values_(std::move(values)), operands_(std::move(operands)) {
  for (const auto& [name, text] : values_) {
    const Option* option = Find(command_, name);
    MNV4_CHECK(option != nullptr);
    CheckValue(*option, text);
  }
  for (const Option& option : command_.options) {
    if (option.required && !Has(option)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--{} {} is missing; see mnv4 {} --help", option.name, option.value,
                              command_.name));
    }
  }
  const int count = static_cast<int>(operands_.size());
  if (count < command_.least_operands) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is missing; see mnv4 {} --help",
                                                         Operands(command_), command_.name));
  }
  if (count > command_.most_operands) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is one too many; expected {}; see mnv4 {} --help",
                            operands_[static_cast<size_t>(command_.most_operands)],
                            Operands(command_), command_.name));
  }
}

bool Arguments::Has(const Option& option) const {
  MNV4_CHECK(Find(command_, option.name) != nullptr);
  return values_.count(option.name) > 0;
}

std::string Arguments::Text(const Option& option) const {
  return Has(option) ? values_.at(option.name) : option.fallback;
}

std::vector<std::string> Arguments::Texts(const Option& option) const {
  std::vector<std::string> texts;
  if (!Has(option)) return texts;
  std::istringstream lines(values_.at(option.name));
  for (std::string line; std::getline(lines, line);) texts.push_back(line);
  return texts;
}

int Arguments::Integer(const Option& option) const {
  return static_cast<int>(ParseNumber(option, Text(option)));
}

double Arguments::Number(const Option& option) const { return ParseNumber(option, Text(option)); }

std::vector<int> Arguments::Integers(const Option& option) const {
  return ParseIntegers(option, Text(option));
}

std::vector<double> Arguments::Numbers(const Option& option) const {
  return ParseNumbers(option, Text(option));
}

std::span<const Command* const> Commands() {
  static constexpr const Command* kCommands[] = {&kList,     &kInfo, &kRun,    &kPreprocess,
                                                 &kClassify, &kEval, &kBench,  &kProfile,
                                                 &kTrain,    &kData, &kDoctor, &kVersion};
  return kCommands;
}

const Command& FindCommand(const std::string& name) {
  std::vector<const char*> names;
  for (const Command* command : Commands()) {
    if (command->name == name) return *command;
    names.push_back(command->name);
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is not a verb; did you mean {}? (mnv4 --help lists them)", name,
                          NearestName(name, names)));
}

}  // namespace mnv4::cli
