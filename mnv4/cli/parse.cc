#include "mnv4/cli/parse.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/cli/options.h"

namespace mnv4::cli {
namespace {

std::string Flags(const Option& option) {
  return option.letter != 0 ? fmt::format("-{},--{}", option.letter, option.name)
                            : fmt::format("--{}", option.name);
}

[[noreturn]] void RefuseUnknown(const Command& command, const std::string& word) {
  std::vector<std::string> flags = {"--help"};
  for (const Option& option : command.options) flags.push_back(fmt::format("--{}", option.name));
  std::vector<const char*> names;
  for (const std::string& flag : flags) names.push_back(flag.c_str());
  const std::string name = word.substr(0, word.find('='));
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} is no option of this verb; did you mean {}? (mnv4 {} --help)", name,
                          NearestName(name, names), command.name));
}

}  // namespace

std::optional<Arguments> Parse(const Command& command, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const CLI::Option* help = app.add_flag(Flags(kHelp));
  for (const Option& option : command.options) {
    if (option.kind == ValueKind::kFlag) {
      app.add_flag(Flags(option))->disable_flag_override();
    } else {
      CLI::Option* parsed = app.add_option(Flags(option));
      if (option.kind == ValueKind::kTexts) {
        parsed->join('\n');  // Arguments::Texts splits them
      } else {
        parsed->take_last();
      }
    }
  }
  try {
    std::reverse(words.begin(), words.end());  // the order CLI11 takes
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}; see mnv4 {} --help", error.what(), command.name));
  }

  if (help->count() > 0) return std::nullopt;

  std::vector<std::string> operands;
  bool only_operands = false;  // after "--"
  for (const std::string& word : app.remaining()) {
    if (only_operands || word == "-" || !word.starts_with('-')) {
      operands.push_back(word);
    } else if (word == "--") {
      only_operands = true;
    } else {
      RefuseUnknown(command, word);
    }
  }
  std::map<std::string, std::string> values;
  for (const Option& option : command.options) {
    const CLI::Option* parsed = app.get_option(fmt::format("--{}", option.name));
    if (parsed->count() == 0) continue;
    values[option.name] = option.kind == ValueKind::kFlag ? "" : parsed->as<std::string>();
  }
  return Arguments(command, std::move(values), std::move(operands));
}

}  // namespace mnv4::cli
