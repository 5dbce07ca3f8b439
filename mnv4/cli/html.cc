#include "mnv4/cli/html.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr int kMaxPictures = 500;
constexpr size_t kMaxTotalBytes = 64'000'000;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2327; --soft: #667078; --line: #dfe3e6; --page: #f6f7f8;
  --card: #fff; --bar: #b9d4f4; --best: #86b8f2; --right: #1a7f4b; --wrong: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9eb; --soft: #98a2aa; --line: #30373c;
  --page: #14181b; --card: #1e2428; --bar: #2f4a69; --best: #3f7fc8; --right: #5fd39a; --wrong: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 84rem; background: var(--page);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; }
header p { margin: .25rem 0 1rem; color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 0 0 1.5rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  overflow: hidden; }
figure > :first-child { display: block; width: 100%; height: 11rem; object-fit: contain;
  background: color-mix(in srgb, var(--line) 45%, transparent); }
div.none { display: grid !important; place-items: center; color: var(--soft); }
figcaption { padding: .7rem .85rem .8rem; }
b { display: block; }
small { color: var(--soft); overflow-wrap: anywhere; }
.right b::after { content: " ✓"; color: var(--right); }
.wrong b::after { content: " ✗"; color: var(--wrong); }
.wrong em { color: var(--wrong); font-style: normal; }
ol { list-style: none; margin: .5rem 0 .4rem; padding: 0; font-size: .85rem; }
li { display: flex; justify-content: space-between; gap: .5rem; margin: 2px 0; padding: 1px .45rem;
  border-radius: .25rem; font-variant-numeric: tabular-nums;
  background: linear-gradient(var(--bar), var(--bar)) 0 / var(--p) 100% no-repeat; }
li:first-child { background-image: linear-gradient(var(--best), var(--best)); }
)";

}  // namespace

std::string Base64(const std::vector<std::byte>& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    for (size_t b = 0; b < 3; ++b) {
      word = word << 8 | (i + b < bytes.size() ? std::to_integer<uint32_t>(bytes[i + b]) : 0);
    }
    for (size_t d = 0; d < 4; ++d) {
      out += i + d <= bytes.size() ? kDigits[word >> (18 - 6 * d) & 63] : '=';
    }
  }
  return out;
}

std::string HtmlFigure(std::string_view term, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, value);
}

std::string HtmlPage(const HtmlContent& content) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title><style>{}{}</style></head><body>\n"
      "<header><h1>{}</h1><p>{}</p><dl>\n{}</dl></header>\n{}</body></html>\n",
      content.title, kStyle, content.style, content.heading, HtmlEscaped(content.description),
      content.figures, content.body);
}

HtmlCards::HtmlCards(std::vector<std::string> labels, bool apply_exif)
    : labels_(std::move(labels)), apply_exif_(apply_exif) {}

// The file itself as an image, which browsers scale and turn; a note if it is too much.
std::string HtmlCards::PictureOf(const Result& result) {
  try {
    if (pictures_ < kMaxPictures) {
      const std::vector<std::byte> bytes = data::ReadBytes(result.sample);
      if (!bytes.empty() && bytes.size() <= kMaxPictureBytes &&
          picture_bytes_ + bytes.size() <= kMaxTotalBytes) {
        ++pictures_;
        picture_bytes_ += bytes.size();
        const bool is_png = bytes.front() == std::byte{0x89};
        return fmt::format("<img alt=\"\" loading=\"lazy\"{} src=\"data:image/{};base64,{}\">",
                           apply_exif_ ? "" : " style=\"image-orientation: none\"",
                           is_png ? "png" : "jpeg", Base64(bytes));
      }
    }
  } catch (const Error&) {  // gone since it was decoded
  }
  return "<div class=\"none\">not shown: too large or too many</div>";
}

std::string HtmlCards::Card(const Result& result) {
  if (!result.error.empty()) {
    return fmt::format(
        "<figure><div class=\"none\">no picture</div><figcaption><b>{}</b><small>{}</small>"
        "</figcaption></figure>\n",
        HtmlEscaped(result.error), HtmlEscaped(result.sample.key));
  }
  const bool known = !result.sample.labels.empty(), right = IsRight(result);
  std::string bars;
  for (const model::RankedClass& ranked : result.best) {
    bars += fmt::format("<li style=\"--p:{:.1f}%\"><span>{}</span><span>{:.1f} %</span></li>",
                        100 * ranked.score, HtmlEscaped(LabelOf(labels_, ranked.index)),
                        100 * ranked.score);
  }
  return fmt::format(
      "<figure class=\"{}\">{}<figcaption><b>{}</b>{}<ol>{}</ol>"
      "<small>{}<br>decode {:.1f} ms, network {:.1f} ms</small></figcaption></figure>\n",
      !known ? "" : (right ? "right" : "wrong"), PictureOf(result),
      HtmlEscaped(LabelOf(labels_, result.best.front().index)),
      known && !right ? fmt::format("<em>is: {}</em>", HtmlEscaped(TruthText(result, labels_)))
                      : "",
      bars, HtmlEscaped(result.sample.key), result.decode_ms, result.network_ms);
}

}  // namespace mnv4::cli
