#include "mnv4/cli/manual.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "mnv4/io/testing.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string OutputOf(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> buffer;
  while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), got);
  }
  return text;
}

TEST(ManPages, NameEveryVerbAndOption) {
  const std::string program = ProgramManPage();
  for (const Command* command : Commands()) {
    EXPECT_THAT(program, HasSubstr(fmt::format("mnv4\\-{} (1)", command->name)));
    const std::string page = ManPage(*command);
    for (const Option& option : command->options) {
      std::string name = option.name;
      for (size_t at = 0; (at = name.find('-', at)) != std::string::npos; at += 2) {
        name.insert(at, "\\");
      }
      EXPECT_THAT(page, HasSubstr(fmt::format("\\fB\\-\\-{}\\fR", name)));
      EXPECT_THAT(page, HasSubstr(command->name));
    }
  }
}

// What bash offers for the last of `words`.
std::string Offers(const std::string& words, int last) {
  const test::TempFolder folder;
  const std::string path = folder.Put("completion.bash", BashCompletion());
  return OutputOf(fmt::format(
      "cd / && bash -c 'source {}; COMP_WORDS=({}); COMP_CWORD={}; _mnv4; echo ${{COMPREPLY[@]}}'",
      path, words, last));
}

TEST(BashCompletion, OffersVerbsOptionsAndValues) {
  EXPECT_EQ(Offers("mnv4 cl", 1), "classify\n");
  EXPECT_EQ(Offers("mnv4 classify --bat", 2), "--batch-size\n");
  EXPECT_EQ(Offers("mnv4 classify --crop-mode sq", 3), "squash\n");
  EXPECT_THAT(Offers("mnv4 info -m mobilenetv4_conv_l", 3), HasSubstr("mobilenetv4_conv_large"));
  EXPECT_THAT(Offers("mnv4 version --b", 2), Not(HasSubstr("--batch-size")));
  EXPECT_EQ(Offers("mnv4 classify etc", 2), "etc\n");  // files
}

TEST(ZshAndFishCompletion, NameEveryOption) {
  for (const Command* command : Commands()) {
    for (const Option& option : command->options) {
      EXPECT_THAT(ZshCompletion(), HasSubstr(fmt::format("'--{}[", option.name)));
      EXPECT_THAT(FishCompletion(),
                  HasSubstr(fmt::format("from {}' -l {}", command->name, option.name)));
    }
  }
}

}  // namespace
}  // namespace mnv4::cli
