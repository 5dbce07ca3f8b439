#pragma once
/// What a verb is, as data. Parsing, help, the pages under docs/verbs and "did you mean" all come
/// from these tables; a verb's own file holds its table and its code.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mnv4::cli {

enum class ValueKind : uint8_t {
  kFlag,      ///< takes no value
  kText,      ///< anything: a path, a name
  kTexts,     ///< the same, and the option may be given again
  kChoice,    ///< one of Option::choices
  kInteger,   ///< a whole number from `least` to `most`
  kNumber,    ///< a real number from `least` to `most`
  kIntegers,  ///< lists and ranges of whole numbers: "1,2", "1-8*2" (sweep.h)
  kNumbers,   ///< reals, one or separated by commas
};

struct Option {
  const char* name;  ///< without the dashes: "batch-size"
  char letter = 0;   ///< 0: no short form
  ValueKind kind = ValueKind::kFlag;
  const char* value = "";     ///< what help calls the value: "FILE"
  const char* fallback = "";  ///< the value when it is not given; "": none
  const char* help = "";      ///< one short line
  double least = 0, most = 0;
  std::span<const char* const> choices = {};
  bool required = false;
};

class Arguments;

struct Command {
  const char* name;
  const char* summary;        ///< the line `mnv4 --help` shows
  const char* operands = "";  ///< what follows the options: "IMAGE..."
  int least_operands = 0;
  int most_operands = 0;
  std::span<const Option> options;
  const char* details = "";  ///< shown after the options: formats, exit codes of its own
  const char* example = "";
  int (*run)(const Arguments&) = nullptr;  ///< returns the exit code; throws Error
  const char* program = "";  ///< instead of `run`: a program of ours that has it (program.h)
};

/// A command line that was checked against its command's table.
class Arguments {
 public:
  /// `values` by option name; a flag's is empty. Throws Error(kInvalidArgument) for a value that
  /// its option does not take and for a wrong number of operands.
  Arguments(const Command& command, std::map<std::string, std::string> values,
            std::vector<std::string> operands);

  /// True if the option was given. For flags that is their value.
  bool Has(const Option& option) const;

  // The value given, else the option's fallback, which must then exist.
  std::string Text(const Option& option) const;
  std::vector<std::string> Texts(const Option& option) const;  // empty if it was not given
  int Integer(const Option& option) const;
  double Number(const Option& option) const;
  std::vector<int> Integers(const Option& option) const;
  std::vector<double> Numbers(const Option& option) const;

  const std::vector<std::string>& operands() const { return operands_; }

 private:
  const Command& command_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> operands_;
};

/// All verbs, in the order help shows them.
std::span<const Command* const> Commands();
/// Throws Error(kInvalidArgument) that names the nearest verb.
const Command& FindCommand(const std::string& name);

/// What `mnv4 --help` and `mnv4 VERB --help` print.
std::string ProgramHelp();
std::string CommandHelp(const Command& command);

}  // namespace mnv4::cli
