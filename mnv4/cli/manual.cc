#include "mnv4/cli/manual.h"

#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "mnv4/arch/arch.h"
#include "mnv4/cli/build_info.h"
#include "mnv4/cli/options.h"

namespace mnv4::cli {
namespace {

// The options of a verb and --help.
std::vector<Option> OptionsOf(const Command& command) {
  std::vector<Option> options(command.options.begin(), command.options.end());
  options.push_back(kHelp);
  return options;
}

// The words an option's value can be: its choices, and the zoo for -m.
std::vector<std::string> ValuesOf(const Option& option) {
  const std::span<const char* const> words =
      option.name == std::string_view(kModel.name) ? ArchitectureNames() : option.choices;
  return {words.begin(), words.end()};
}

bool TakesValue(const Option& option) { return option.kind != ValueKind::kFlag; }

// Text for roff: no escapes, no requests by accident, hyphens that can be copied.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string Header(const std::string& name, std::string_view summary) {
  return fmt::format(".TH {} 1 \"\" \"mnv4 {}\" \"mnv4\"\n.SH NAME\n{} \\- {}\n", Roff(name),
                     DescribeBuild().version, Roff(name), Roff(summary));
}

std::string Preformatted(std::string_view title, std::string_view text) {
  return fmt::format(".SH {}\n.nf\n{}\n.fi\n", title, Roff(text));
}

// `text` in single quotes for a shell.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The same for a description within zsh's _arguments, where brackets and colons mean something.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string ProgramManPage() {
  std::string text =
      Header("mnv4", "MobileNetV4 networks: classify pictures, inspect and time models");
  text += ".SH SYNOPSIS\n.B mnv4\n.I VERB\n[options]\n.SH VERBS\n";
  for (const Command* command : Commands()) {
    text += fmt::format(".TP\n.BR mnv4\\-{} (1)\n{}\n", command->name, Roff(command->summary));
  }
  return text + Preformatted("HELP", ProgramHelp());
}

std::string ManPage(const Command& command) {
  std::string text = Header(fmt::format("mnv4-{}", command.name), command.summary);
  text += fmt::format(".SH SYNOPSIS\n.B mnv4 {}\n[options] {}\n.SH OPTIONS\n", command.name,
                      Roff(command.operands));
  for (const Option& option : OptionsOf(command)) {
    text += ".TP\n";
    if (option.letter != 0) text += fmt::format("\\fB\\-{}\\fR, ", option.letter);
    text += fmt::format("\\fB\\-\\-{}\\fR", Roff(option.name));
    if (TakesValue(option)) text += fmt::format(" \\fI{}\\fR", Roff(option.value));
    text += fmt::format("\n{}", Roff(option.help));
    if (*option.fallback != '\0') text += fmt::format(" (default {})", Roff(option.fallback));
    if (option.required) text += " (required)";
    text += '\n';
  }
  if (*command.details != '\0') text += Preformatted("DESCRIPTION", command.details);
  text += Preformatted("EXAMPLE", command.example);
  return text + ".SH SEE ALSO\n.BR mnv4 (1)\n";
}

std::string BashCompletion() {
  std::vector<std::string> verbs;
  std::string values, options;
  for (const Command* command : Commands()) {
    verbs.emplace_back(command->name);
    std::vector<std::string> names;
    for (const Option& option : OptionsOf(*command)) {
      names.push_back(fmt::format("--{}", option.name));
      const std::vector<std::string> words = ValuesOf(option);
      if (words.empty()) continue;
      std::string pattern = fmt::format("'{} --{}'", command->name, option.name);
      if (option.letter != 0) pattern += fmt::format("|'{} -{}'", command->name, option.letter);
      values += fmt::format("    {}) words='{}' ;;\n", pattern, fmt::join(words, " "));
    }
    options += fmt::format("      {}) words='{}' ;;\n", command->name, fmt::join(names, " "));
  }
  return fmt::format(
      "# bash completion of mnv4\n"
      "_mnv4() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} words=\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${{COMP_WORDS[1]}} $before\" in\n{}  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    case ${{COMP_WORDS[1]}} in\n{}    esac\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n"
      "}}\n"
      "complete -o filenames -F _mnv4 mnv4\n",
      fmt::join(verbs, " "), values, options);
}

std::string ZshCompletion() {
  std::string verbs, cases;
  for (const Command* command : Commands()) {
    verbs += fmt::format("    {}\n",
                         Quoted(fmt::format("{}:{}", command->name, ZshText(command->summary))));
    cases += fmt::format("    {})\n      _arguments \\\n", command->name);
    for (const Option& option : OptionsOf(*command)) {
      std::string action;
      if (TakesValue(option)) {
        const std::vector<std::string> words = ValuesOf(option);
        action = fmt::format(":{}:{}", ZshText(option.value),
                             words.empty() ? "_files" : fmt::format("({})", fmt::join(words, " ")));
      }
      const std::string help = fmt::format("[{}]{}", ZshText(option.help), action);
      if (option.letter != 0) {
        cases += fmt::format("        {} \\\n", Quoted(fmt::format("-{}{}", option.letter, help)));
      }
      cases += fmt::format("        {} \\\n", Quoted(fmt::format("--{}{}", option.name, help)));
    }
    cases += "        '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef mnv4\n"
      "_mnv4() {{\n"
      "  local -a verbs=(\n{}  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe verb verbs\n"
      "    return\n"
      "  fi\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $verb in\n{}  esac\n"
      "}}\n"
      "_mnv4 \"$@\"\n",
      verbs, cases);
}

std::string FishCompletion() {
  std::string text = "# fish completion of mnv4\n";
  for (const Command* command : Commands()) {
    text += fmt::format("complete -c mnv4 -n __fish_use_subcommand -f -a {} -d {}\n", command->name,
                        Quoted(command->summary));
    for (const Option& option : OptionsOf(*command)) {
      text += fmt::format("complete -c mnv4 -n '__fish_seen_subcommand_from {}' -l {}",
                          command->name, option.name);
      if (option.letter != 0) text += fmt::format(" -s {}", option.letter);
      if (TakesValue(option)) text += " -r";
      if (const std::vector<std::string> words = ValuesOf(option); !words.empty()) {
        text += fmt::format(" -a {}", Quoted(fmt::format("{}", fmt::join(words, " "))));
      }
      text += fmt::format(" -d {}\n", Quoted(option.help));
    }
  }
  return text;
}

}  // namespace mnv4::cli
