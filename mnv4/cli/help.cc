// Help texts, made from the tables of command.h.

#include <fmt/format.h>

#include <algorithm>

#include "mnv4/cli/command.h"
#include "mnv4/cli/options.h"

namespace mnv4::cli {
namespace {

// "-t, --threads LIST"
std::string Synopsis(const Option& option) {
  std::string text = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "    ";
  text += fmt::format("--{}", option.name);
  if (*option.value != '\0') text += fmt::format(" {}", option.value);
  return text;
}

std::string OptionLines(std::span<const Option> options) {
  size_t width = Synopsis(kHelp).size();
  for (const Option& option : options) width = std::max(width, Synopsis(option).size());
  std::string text;
  const auto add = [&](const Option& option) {
    text += fmt::format("  {:<{}}  {}", Synopsis(option), width, option.help);
    if (*option.fallback != '\0') text += fmt::format(" (default {})", option.fallback);
    if (option.required) text += " (required)";
    text += '\n';
  };
  for (const Option& option : options) add(option);
  add(kHelp);
  return text;
}

}  // namespace

std::string ProgramHelp() {
  std::string text =
      "mnv4 - MobileNetV4 networks: classify pictures, inspect and time models\n\n"
      "usage: mnv4 VERB [options]\n\n"
      "verbs:\n";
  for (const Command* command : Commands()) {
    text += fmt::format("  {:<11} {}\n", command->name, command->summary);
  }
  text +=
      "\nmnv4 VERB --help explains a verb.\n"
      "environment: MNV4_NUM_THREADS, MNV4_ISA (cap the instruction set), NO_COLOR\n"
      "exit codes: 0 ok, 1 failed at run time, 2 wrong usage, 3 a file is invalid, 4 not\n"
      "  supported by this build or machine, 130 interrupted\n";
  return text;
}

std::string CommandHelp(const Command& command) {
  std::string text = fmt::format("mnv4 {} - {}\n\nusage: mnv4 {} [options]", command.name,
                                 command.summary, command.name);
  if (*command.operands != '\0') text += fmt::format(" {}", command.operands);
  text += fmt::format("\n\noptions:\n{}", OptionLines(command.options));
  if (*command.details != '\0') text += fmt::format("\n{}\n", command.details);
  text += fmt::format("\nexample:\n  {}\n", command.example);
  return text;
}

}  // namespace mnv4::cli
