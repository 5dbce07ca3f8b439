// The tables of all verbs, and how command lines are read with them.

#include "mnv4/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/parse.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kShapes[] = {"round", "square"};
constexpr Option kCount = {.name = "count",
                           .letter = 'c',
                           .kind = ValueKind::kInteger,
                           .value = "N",
                           .fallback = "3",
                           .least = 1,
                           .most = 9};
constexpr Option kRatio = {
    .name = "ratio", .kind = ValueKind::kNumber, .value = "X", .least = 0, .most = 1};
constexpr Option kShape = {
    .name = "shape", .kind = ValueKind::kChoice, .value = "S", .choices = kShapes};
constexpr Option kList = {
    .name = "list", .kind = ValueKind::kIntegers, .value = "L", .least = 1, .most = 99};
constexpr Option kNumbers = {
    .name = "numbers", .kind = ValueKind::kNumbers, .value = "X,X", .least = -9, .most = 9};
constexpr Option kFile = {.name = "file", .letter = 'f', .kind = ValueKind::kText, .value = "F"};
constexpr Option kLoud = {.name = "loud", .letter = 'l'};
constexpr Option kTestOptions[] = {kCount, kRatio, kShape, kList, kNumbers, kFile, kLoud};
const Command kTest = {.name = "test",
                       .summary = "",
                       .operands = "THING...",
                       .most_operands = 2,
                       .options = kTestOptions};

Arguments ParseTest(std::vector<std::string> words) { return *Parse(kTest, std::move(words)); }

std::string ErrorOf(std::vector<std::string> words) {
  try {
    Parse(kTest, std::move(words));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(Parse, ReadsLongAndShortFormsAndOperandsAnywhere) {
  const Arguments a = ParseTest({"x", "-c2", "--ratio=0.5", "-l", "y", "-f", "-"});
  EXPECT_EQ(a.Integer(kCount), 2);
  EXPECT_EQ(a.Number(kRatio), 0.5);
  EXPECT_EQ(a.Text(kFile), "-");
  EXPECT_TRUE(a.Has(kLoud));
  EXPECT_THAT(a.operands(), ElementsAre("x", "y"));
}

TEST(Parse, TakesEverythingAfterTwoDashesAsOperand) {
  EXPECT_THAT(ParseTest({"--", "--loud", "-x"}).operands(), ElementsAre("--loud", "-x"));
}

TEST(Parse, TakesTheLastOfAnOptionGivenTwice) {
  EXPECT_EQ(ParseTest({"-c", "1", "--count", "9"}).Integer(kCount), 9);
}

TEST(Parse, UsesFallbacks) {
  const Arguments a = ParseTest({});
  EXPECT_EQ(a.Integer(kCount), 3);
  EXPECT_FALSE(a.Has(kCount));
  EXPECT_EQ(a.Text(kFile), "");
}

TEST(Parse, ReadsListsAndNumbers) {
  const Arguments a = ParseTest({"--list", "1-8*2", "--numbers", "-1,2.5"});
  EXPECT_THAT(a.Integers(kList), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(a.Numbers(kNumbers), ElementsAre(-1, 2.5));
}

TEST(Parse, SaysWhenHelpIsWanted) {
  EXPECT_FALSE(Parse(kTest, {"--help"}));
  EXPECT_FALSE(Parse(kTest, {"-h", "--unknown", "a", "b", "c"}));
}

TEST(Parse, NamesTheNearestOption) {
  EXPECT_THAT(ErrorOf({"--cuont", "2"}), HasSubstr("did you mean --count?"));
  EXPECT_THAT(ErrorOf({"--rato=1"}), HasSubstr("--rato is no option"));
  EXPECT_THAT(ErrorOf({"-z"}), HasSubstr("-z is no option"));
}

TEST(Parse, RefusesWrongValuesNamingTheOptionAndWhatWasWanted) {
  EXPECT_THAT(ErrorOf({"-c", "two"}), HasSubstr("--count: 'two', expected a whole number from 1"));
  EXPECT_THAT(ErrorOf({"-c", "0"}), HasSubstr("--count: '0'"));
  EXPECT_THAT(ErrorOf({"-c", "1.5"}), HasSubstr("--count: '1.5'"));
  EXPECT_THAT(ErrorOf({"--ratio", "1.5"}), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(ErrorOf({"--ratio", "nan"}), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(ErrorOf({"--shape", "sqare"}), HasSubstr("did you mean square?"));
  EXPECT_THAT(ErrorOf({"--list", "1-"}), HasSubstr("--list: '1-'"));
  EXPECT_THAT(ErrorOf({"--numbers", "1,,2"}), HasSubstr("--numbers: ''"));
  EXPECT_THAT(ErrorOf({"--file"}), HasSubstr("--file"));
  EXPECT_THAT(ErrorOf({"--loud=no"}), HasSubstr("loud"));
}

TEST(Parse, CountsOperands) {
  EXPECT_THAT(ErrorOf({"1", "2", "3"}), HasSubstr("'3' is one too many"));
  EXPECT_THROW(Parse(kEval, {}), Error);
}

TEST(Parse, AsksForRequiredOptions) {
  try {
    Parse(kPreprocess, {"a.jpg"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--output X.npy is missing"));
  }
}

TEST(FindCommand, NamesTheNearestVerb) {
  EXPECT_EQ(&FindCommand("bench"), &kBench);
  try {
    FindCommand("clasify");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("did you mean classify?"));
  }
}

TEST(Commands, HaveTablesThatFitTogether) {
  for (const Command* command : Commands()) {
    std::set<std::string> names = {kHelp.name};
    std::set<char> letters = {kHelp.letter};
    for (const Option& option : command->options) {
      SCOPED_TRACE(std::string(command->name) + " --" + option.name);
      EXPECT_TRUE(names.insert(option.name).second);
      EXPECT_TRUE(option.letter == 0 || letters.insert(option.letter).second);
      EXPECT_EQ(*option.value == '\0', option.kind == ValueKind::kFlag);
      EXPECT_STRNE(option.help, "");
    }
    EXPECT_NE(command->run == nullptr, *command->program == '\0') << command->name;
  }
}

TEST(Commands, HaveFallbacksTheirOptionsTake) {
  for (const Command* command : Commands()) {
    std::map<std::string, std::string> values;
    for (const Option& option : command->options) {
      if (*option.fallback != '\0') values[option.name] = option.fallback;
      if (option.required) values[option.name] = "x";
    }
    const std::vector<std::string> operands(static_cast<size_t>(command->least_operands), "x");
    EXPECT_NO_THROW(Arguments(*command, values, operands)) << command->name;
  }
}

TEST(Help, FitsTheScreenAndShowsAnExample) {
  std::string all = ProgramHelp();
  for (const Command* command : Commands()) {
    EXPECT_THAT(ProgramHelp(), HasSubstr(command->name));
    EXPECT_THAT(CommandHelp(*command), HasSubstr(std::string("example:\n  mnv4 ") + command->name));
    all += CommandHelp(*command);
  }
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Docs, ShowTheHelpOfEveryVerb) {
  for (const Command* command : Commands()) {
    const std::string page = std::string(MNV4_SOURCE_DIR "/docs/verbs/") + command->name + ".md";
    EXPECT_THAT(ReadTextFile(page, 1 << 20), HasSubstr(CommandHelp(*command))) << page;
  }
}

}  // namespace
}  // namespace mnv4::cli
