#include "mnv4/io/json.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "mnv4/io/json_cursor.h"
#include "mnv4/io/testing.h"

namespace mnv4 {
namespace {

using test::MessageOf;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  return MessageOf([&] { ParseJson(text, "f.json"); });
}

TEST(Json, KeepsKindsOrderAndEveryBit) {
  const std::string text =
      R"({"z":1,"a":[true,false,null,-3,3.0,1e-05,0.1,9223372036854775807],"":{"x":[]},"o":{}})";
  EXPECT_EQ(ToString(ParseJson(text, "f.json")), text);
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1e22, 123456.0}) {
    const Json read = ParseJson(ToString(Json(value)), "f.json");
    ASSERT_NE(read.As<double>(), nullptr) << value;
    EXPECT_EQ(*read.As<double>(), value);
    EXPECT_EQ(std::signbit(*read.As<double>()), std::signbit(value));
  }
  EXPECT_EQ(ToString(Json(std::numeric_limits<double>::quiet_NaN())), "null");
}

TEST(Json, PrintsAsPythonDoesWithIndent) {
  Json json;
  json.Add("size", Json::Array{3, 224});
  json.Add("name", "a\"b\\\n\x01ü");
  json.Add("none", Json());
  json.Add("list", Json::Array());
  EXPECT_EQ(ToString(json, 2),
            "{\n  \"size\": [\n    3,\n    224\n  ],\n  \"name\": \"a\\\"b\\\\\\n\\u0001ü\",\n"
            "  \"none\": null,\n  \"list\": []\n}");
  EXPECT_EQ(ParseJson(ToString(json, 2), "f.json"), json);
}

TEST(Json, ReadsEscapes) {
  EXPECT_EQ(ParseJson(R"("\u00fc\ud83d\ude00\/")", "f.json"), Json("ü😀/"));
}

TEST(ParseJson, NamesFilePathAndPlaceOfWhatIsWrong) {
  EXPECT_EQ(ErrorOf("{\"pretrained_cfg\": {\n  \"mean\": [0.5, NaN]}}"),
            "f.json: pretrained_cfg.mean[1]: line 2, column 17: invalid literal after ' \"mean\": "
            "[0.5, N'");
  EXPECT_EQ(ErrorOf(R"({"a": {"b": 1, "c": 2, "b": 3}})"), "f.json: a: the key 'b' is there twice");
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "unexpected end of input"},
      {"{", "unexpected end of input"},
      {"[1,]", "[1]: line 1, column 4: unexpected ']'"},
      {"[1] 2", "unexpected"},
      {"{a:1}", "invalid literal"},
      {"[01]", "unexpected number literal"},
      {"[-Infinity]", "invalid number"},
      {"[1e999]", "[0]: line 1, column 6: the number is out of range"},
      {"[-1e999]", "out of range"},
      {"[18446744073709551615]", "18446744073709551615 is out of range"},
      {"[9223372036854775808]", "9223372036854775808 is out of range"},
      {"[99999999999999999999999]", "99999999999999999999999 is out of range"},
      {"[\"\xff\"]", "ill-formed UTF-8"},
      {"[\"\xc0\xaf\"]", "ill-formed UTF-8"},
      {"[\"\xed\xa0\x80\"]", "ill-formed UTF-8"},
      {"[\"a\nb\"]", "control character"},
      {R"(["\ud800"])", "surrogate"},
      {R"(["\x41"])", "invalid string"},
      {std::string("[1\0]", 4), "line 1, column 2: a zero byte after '[1'"},
      {"/* no */ 1", "invalid"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_THAT(ErrorOf(text), HasSubstr(expected)) << text;
    EXPECT_THAT(ErrorOf(text), HasSubstr("f.json: "));
  }
}

TEST(ParseJson, BoundsDepthAndNumberOfValues) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(ErrorOf(nested(kMaxJsonDepth)), "");
  EXPECT_THAT(ErrorOf(nested(kMaxJsonDepth + 1)), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(ErrorOf(std::string(10'000'000, '[')), HasSubstr("nested deeper than 64"));
  std::string many = "[0";
  for (size_t i = 0; i < kMaxJsonValues; ++i) many += ",0";
  EXPECT_THAT(ErrorOf(many + "]"), HasSubstr("more than 2000000 values"));
}

TEST(ParseJson, EscapesWhatItQuotes) {
  EXPECT_THAT(ErrorOf("{\"a\\nb\": 1, \"a\\nb\": 2}"), HasSubstr("the key 'a\\nb' is there twice"));
  const std::string long_key(5000, 'k');
  EXPECT_LT(ErrorOf("{\"" + long_key + "\": x}").size(), 300u);
  EXPECT_LT(ErrorOf("[\"" + long_key).size(), 300u);
}

TEST(ParseJson, SurvivesDamage) {
  const std::string text =
      R"({"architecture": "m", "n": [1, -2.5e-3, true, null, "\u00e4\n"], "o": {"p": {"q": "ü"}}})";
  test::ExpectErrorAtEveryTruncation(text, [](const std::string& t) { ParseJson(t, "f.json"); });
  test::ExpectErrorOrSuccessOnMutations(text, 5'000, [](const std::string& t) {
    const Json json = ParseJson(t, "f.json");
    EXPECT_EQ(ParseJson(ToString(json), "again"), json) << t;
  });
}

TEST(JsonCursor, SaysWhereWhatAndWhatWasWanted) {
  const Json json = ParseJson(R"({"a": {"size": [3, -1, 2.5]}, "n": null, "s": "x"})", "f.json");
  const JsonCursor root(json, "config.json");
  const auto size = root.At("a").At("size").Elements();
  EXPECT_EQ(size[0].Integer(1, 4), 3);
  EXPECT_EQ(size[2].Number(0, 4), 2.5);
  EXPECT_FALSE(root.Find("n"));
  EXPECT_FALSE(root.Find("absent"));
  const auto message = [](auto action) { return MessageOf(action); };
  EXPECT_EQ(message([&] { size[1].Integer(1, 9); }),
            "config.json: a.size[1]: -1, expected an integer from 1 to 9");
  EXPECT_EQ(message([&] { size[2].Integer(1, 9); }),
            "config.json: a.size[2]: 2.5, expected an integer from 1 to 9");
  EXPECT_EQ(message([&] { size[2].Number(0, 1); }),
            "config.json: a.size[2]: 2.5, expected a number from 0 to 1");
  EXPECT_EQ(message([&] { root.At("a").String(); }),
            "config.json: a: an object, expected a string");
  EXPECT_EQ(message([&] { root.At("s").Elements(); }), "config.json: s: 'x', expected an array");
  EXPECT_EQ(message([&] { root.At("s").At("t"); }), "config.json: s: 'x', expected an object");
  EXPECT_EQ(message([&] { root.At("n"); }), "config.json: no 'n'");
}

}  // namespace
}  // namespace mnv4
