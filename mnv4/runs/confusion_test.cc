#include "mnv4/runs/confusion.h"

#include <gmock/gmock.h>

namespace mnv4::runs {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Confusion, SaysWhatWasTakenForWhat) {
  const Confusion confusion{{"owl", "cat <3"}, {{0, 0, 9}, {0, 1, 1}, {1, 1, 5}}};
  const std::string svg = ConfusionSvg(confusion);
  EXPECT_THAT(svg, HasSubstr("<title>owl, taken for cat &lt;3: 1 of 10, 10.0 %</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>cat &lt;3, taken for cat &lt;3: 5 of 5, 100.0 %</title>"));
  const std::string section = ConfusionSection(confusion);
  EXPECT_THAT(section, HasSubstr("<tr><td>owl</td><td>cat &lt;3</td><td class=\"n\">1</td>"));
  EXPECT_THAT(section, HasSubstr(svg));
}

TEST(Confusion, IsATableOnlyForManyClasses) {
  const Confusion confusion{std::vector<std::string>(1000, "x"), {{7, 8, 3}}};
  EXPECT_THAT(ConfusionSvg(confusion), IsEmpty());
  EXPECT_THAT(ConfusionSection(confusion), HasSubstr("<td class=\"n\">100.0 %</td>"));
  EXPECT_THAT(ConfusionSection(confusion), Not(HasSubstr("<svg")));
}

TEST(Confusion, MayBeEmpty) {
  EXPECT_THAT(ConfusionSvg({}), IsEmpty());
  EXPECT_THAT(ConfusionSection({}), HasSubstr("</section>"));
}

}  // namespace
}  // namespace mnv4::runs
