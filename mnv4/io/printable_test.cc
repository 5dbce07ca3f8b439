#include "mnv4/io/printable.h"

#include <gtest/gtest.h>

namespace mnv4 {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(Printable("blocks.0.0.conv.weight"), "blocks.0.0.conv.weight");
  EXPECT_EQ(Printable("Hündin, 犬, 🐕"), "Hündin, 犬, 🐕");
}

TEST(Printable, EscapesWhatWouldBreakOrPaintALine) {
  EXPECT_EQ(Printable("a\nb\tc\x1b[31m\x7f"), "a\\nb\\tc\\x1b[31m\\x7f");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Printable("\xc2\x85"), "\\xc2\\x85");  // NEL, a line break in UTF-8
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(Printable("\xe7\x8a"), "\\xe7\\x8a");                    // cut off
}

TEST(Printable, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(Printable("abcdef", 4), "abcd...");
  EXPECT_EQ(Printable("abcü", 4), "abc...");
  EXPECT_EQ(Printable("abcd", 4), "abcd");
}

TEST(HtmlEscaped, LeavesNoMarkupAndNoControlCharacters) {
  EXPECT_EQ(HtmlEscaped("<a href=\"x\">&\x01"), "&lt;a href=&quot;x&quot;&gt;&amp;\\x01");
}

TEST(HasControlCharacter, FindsThemAnywhere) {
  EXPECT_FALSE(HasControlCharacter("conv_stem.weight"));
  EXPECT_FALSE(HasControlCharacter("ü\xff"));
  EXPECT_TRUE(HasControlCharacter("conv\nstem"));
  EXPECT_TRUE(HasControlCharacter("ab\xc2\x9b"));
}

}  // namespace
}  // namespace mnv4
