#include "mnv4/runs/page.h"

#include <fmt/format.h>

#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2327; --soft: #667078; --line: #dfe3e6; --page: #f6f7f8;
  --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9eb; --soft: #98a2aa; --line: #30373c;
  --page: #14181b; --card: #1e2428; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 96rem; background: var(--page);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
header p { margin: .25rem 0 1rem; color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 0 0 1.5rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(32rem, 100%), 1fr)); }
figure { margin: 0; padding: .6rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; }
figure > svg { display: block; width: 100%; }
section { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
section > figure { flex: 1 1 32rem; max-width: 56rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: normal; }
td, th { padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; }
)";

}  // namespace

std::string HtmlPage(const PageContent& content) {
  std::string figures;
  for (const auto& [name, value] : content.figures) {
    figures +=
        fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", HtmlEscaped(name), HtmlEscaped(value));
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title><style>{1}</style></head><body>\n"
      "<header><h1>{0}</h1><p>{2}</p><dl>\n{3}</dl></header>\n{4}</body></html>\n",
      HtmlEscaped(content.title), kStyle, HtmlEscaped(content.description), figures, content.body);
}

}  // namespace mnv4::runs
