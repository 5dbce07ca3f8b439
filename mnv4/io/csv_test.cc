#include "mnv4/io/csv.h"

#include <gmock/gmock.h>

#include "mnv4/io/testing.h"

namespace mnv4 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::vector<std::string>> Fields(std::string_view text) {
  std::vector<std::vector<std::string>> fields;
  for (CsvRow& row : ParseCsv(text, "x.csv")) fields.push_back(std::move(row.fields));
  return fields;
}

TEST(Lines, EndWithOrWithoutCarriageReturn) {
  EXPECT_THAT(Lines("a\r\n\nb", "x"), ElementsAre("a", "", "b"));
  EXPECT_THAT(Lines("a\n", "x"), ElementsAre("a"));
  EXPECT_TRUE(Lines("", "x").empty());
}

TEST(Csv, ReadsFieldsWithAndWithoutQuotes) {
  EXPECT_THAT(
      Fields("a,b\r\n\"c, \"\"d\"\"\ne\",\n,\n"),
      ElementsAre(ElementsAre("a", "b"), ElementsAre("c, \"d\"\ne", ""), ElementsAre("", "")));
}

TEST(Csv, CountsLinesThroughQuotesAndEmptyLines) {
  const std::vector<CsvRow> rows = ParseCsv("\n\"a\nb\",c\n\nd", "x.csv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_EQ(rows[1].line, 5);
}

TEST(Csv, RefusesWhatIsNoCsvNamingTheLine) {
  const auto message = [](std::string_view text) {
    return test::MessageOf([&] { ParseCsv(text, "x.csv"); });
  };
  EXPECT_THAT(message("a,b\nc,\"d\n\n"), HasSubstr("x.csv: line 2: a quote that does not close"));
  EXPECT_THAT(message("a\"b,c"), HasSubstr("line 1: a quote inside a field"));
  EXPECT_THAT(message("\"a\"b,c"), HasSubstr("line 1: text after a closing quote"));
  EXPECT_THAT(message(std::string_view("a\nb\0c", 5)), HasSubstr("line 2: a NUL byte"));
}

TEST(Csv, ReadsTheFieldsItWrites) {
  for (const std::string text : {"plain", "", "a,b", "say \"a\"", "two\nlines", "\r"}) {
    EXPECT_THAT(Fields(CsvField(text) + ",end\n"), ElementsAre(ElementsAre(text, "end")));
  }
}

TEST(Csv, SurvivesDamagedText) {
  test::ExpectErrorOrSuccessOnMutations("a,b\n\"c\",\"d\"\"e\"\r\nf,g\n", 2000,
                                        [](std::string_view text) { ParseCsv(text, "x.csv"); });
}

}  // namespace
}  // namespace mnv4
