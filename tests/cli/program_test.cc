// What every verb has in common: help, errors, exit codes, streams.

#include "program.h"

#include <gmock/gmock.h>

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kVerbs[] = {"list",  "info",    "run",   "preprocess", "classify", "eval",
                                  "bench", "profile", "train", "data",       "version"};

using Program = ProgramTest;

TEST_F(Program, ListsItsVerbsWithAndWithoutHelp) {
  const Outcome bare = Run("mnv4");
  EXPECT_EQ(bare.code, 0);
  for (const char* verb : kVerbs) EXPECT_THAT(bare.out, HasSubstr(std::string("\n  ") + verb));
  EXPECT_EQ(Run("mnv4 --help").out, bare.out);
}

TEST_F(Program, ExplainsEveryVerbWithAnExample) {
  for (const std::string verb : kVerbs) {
    const Outcome help = Run("mnv4 " + verb + " --help");
    EXPECT_EQ(help.code, 0) << verb;
    EXPECT_THAT(help.out, StartsWith("mnv4 " + verb + " - "));
    EXPECT_THAT(help.out, HasSubstr("example:\n  mnv4 " + verb));
    EXPECT_THAT(help.err, IsEmpty());
  }
}

TEST_F(Program, NamesTheNearestVerbOptionAndValue) {
  const Outcome verb = Run("mnv4 clasify x.jpg");
  EXPECT_EQ(verb.code, 2);
  EXPECT_THAT(verb.err, HasSubstr("did you mean classify?"));
  EXPECT_THAT(verb.out, IsEmpty());

  const Outcome option = Run("mnv4 bench --repetition 3");
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean --repetitions?"));

  const Outcome value = Run("mnv4 preprocess x.jpg -o x.npy --interpolation bicubik");
  EXPECT_EQ(value.code, 2);
  EXPECT_THAT(value.err, HasSubstr("did you mean bicubic?"));

  const Outcome model = Run("mnv4 info -m conv_smal");
  EXPECT_EQ(model.code, 2);
  EXPECT_THAT(model.err, HasSubstr("conv_small"));
}

TEST_F(Program, TellsWhatKindOfErrorItWasByItsExitCode) {
  WriteText("bad.safetensors", "not safetensors at all");
  EXPECT_EQ(Run("mnv4 info -m bad.safetensors").code, 3);
  EXPECT_EQ(Run("mnv4 info -m .").code, 3);
  EXPECT_EQ(Run("mnv4 bench -m conv_small --precision int8").code, 4);
  EXPECT_EQ(Run("mnv4 info -m conv_small --img-size zero").code, 2);
  EXPECT_EQ(Run("mnv4 preprocess -m conv_small missing.jpg -o x.npy").code, 1);
}

TEST_F(Program, EndsQuietlyWhenTheReaderGoesAway) {
  const Outcome outcome = Run("(mnv4 list --json; echo \"code $?\" >&2) | head -c 1");
  EXPECT_EQ(outcome.out, "[");
  EXPECT_EQ(outcome.err, "code 0\n");
}

TEST_F(Program, SaysWhenItsOutputCannotBeWritten) {
  const Outcome outcome = Run("mnv4 list >/dev/full");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("No space left"));
}

TEST_F(Program, LeavesNoFileWhenItFails) {
  EXPECT_EQ(Run("mnv4 bench -m missing_model -o out.json").code, 2);
  EXPECT_EQ(Run("ls | wc -l").out, "0\n");
}

TEST_F(Program, EndsWith130WhenInterrupted) {
  const Outcome outcome =
      Run("mnv4 bench -m conv_small -t 1 --repetitions 1000000 & sleep 1; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130);
}

TEST_F(Program, TellsItsVersion) {
  EXPECT_THAT(Run("mnv4 version").out, StartsWith("mnv4 0."));
  EXPECT_EQ(Run("mnv4 --version").out, Run("mnv4 version").out);
  const Json version = RunJson("mnv4 version --json");
  for (const char* key : {"version", "commit", "compiler", "isa", "default_model"}) {
    EXPECT_NE(version.Find(key), nullptr) << key;
  }
}

}  // namespace
}  // namespace mnv4
