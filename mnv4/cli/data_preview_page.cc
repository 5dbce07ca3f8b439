#include "mnv4/cli/data_preview_page.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "mnv4/cli/html.h"
#include "mnv4/image/encode_jpeg.h"

namespace mnv4::cli {
namespace {

constexpr std::string_view kStyle = R"(
body { max-width: none; width: fit-content; }
header { max-width: 84rem; }
table { border-spacing: 0 .5rem; }
th { font-weight: normal; text-align: left; color: var(--soft); padding: 0 .4rem; }
td { background: var(--card); border: solid var(--line); border-width: 1px 0; padding: .4rem; }
td:first-child { border-left-width: 1px; border-radius: .6rem 0 0 .6rem; width: 14rem; padding-left: .85rem; }
td:last-child { border-right-width: 1px; border-radius: 0 .6rem .6rem 0; }
td:nth-child(2) { padding-right: 1.2rem; }
img { display: block; width: 9rem; height: 9rem; object-fit: contain; }
)";

std::string Picture(const Image& image) {
  const std::vector<std::byte> jpeg =
      EncodeJpeg(image, {.quality = 92, .h_samples = 1, .v_samples = 1});
  return fmt::format(
      "<td><img alt=\"\" width=\"{}\" height=\"{}\" "
      "src=\"data:image/jpeg;base64,{}\"></td>",
      image.width, image.height, Base64(jpeg));
}

std::string CropText(const data::Transform& transform) {
  const Preprocess& input = transform.input;
  const bool garden = transform.profile == data::Profile::kGarden;
  if (transform.crop == data::CropKind::kCenter) {
    return fmt::format("the crop of evaluation ({}, crop_pct {:g}, {}) at {} x {} pixels",
                       Name(input.crop_mode), input.crop_pct, Name(input.interpolation),
                       input.height, input.width);
  }
  return fmt::format(
      "random crop of {:g} % to {:g} % of the picture, width / height {:.3g} to {:.3g}, resized to "
      "{} x {} pixels ({})",
      100 * transform.area_min, 100 * transform.area_max, transform.aspect_min,
      transform.aspect_max, input.height, input.width,
      garden ? "bilinear, without antialiasing" : Name(input.interpolation));
}

std::string AutoAugmentText(const data::Transform& transform) {
  const data::RandAugment& rand = transform.rand_augment;
  switch (transform.auto_augment) {
    case data::AutoAugmentKind::kNone:
      return "";
    case data::AutoAugmentKind::kAutoAugment:
      return "; AutoAugment, policy v0";
    case data::AutoAugmentKind::kRandAugment:
      break;
  }
  return fmt::format(
      "; RandAugment: {} operations of magnitude {:g}, each with probability {:g}{}", rand.layers,
      rand.magnitude, rand.probability,
      transform.profile == data::Profile::kGarden
          ? fmt::format(", translations of {:g} pixels at magnitude 10", rand.translate)
          : "");
}

}  // namespace

std::string TransformText(const data::Transform& transform) {
  std::string text = CropText(transform);
  if (transform.flip > 0) {
    text += fmt::format("; left-right flip with probability {:g}", transform.flip);
  }
  text += AutoAugmentText(transform);
  if (transform.colour_jitter > 0) {
    text += fmt::format("; brightness, contrast and saturation by {:g} to {:g}",
                        1 - transform.colour_jitter, 1 + transform.colour_jitter);
  }
  if (transform.erase > 0) {
    text += fmt::format("; a rectangle erased with probability {:g}", transform.erase);
  }
  return text;
}

PreviewPage::PreviewPage(About about) : about_(std::move(about)) {}

void PreviewPage::Add(const PreviewRow& row) {
  ++shown_;
  std::string cells;
  if (row.error.empty()) {
    cells = Picture(row.original);
    for (const Image& image : row.seen) cells += Picture(image);
  } else {
    cells = fmt::format("<td colspan=\"{}\">{}</td>", about_.epochs + 1, HtmlEscaped(row.error));
  }
  const std::string size =
      row.error.empty() ? fmt::format("<br>{} x {} pixels", row.width, row.height) : "";
  rows_ += fmt::format("<tr><td><b>{}</b><small>{}{}</small></td>{}</tr>\n", HtmlEscaped(row.label),
                       HtmlEscaped(row.key), size, cells);
}

std::string PreviewPage::Page() const {
  const data::Transform& transform = about_.transform;
  std::string heads;
  for (int i = 1; i <= about_.epochs; ++i) heads += fmt::format("<th>epoch {}</th>", i);
  return HtmlPage(
      {.title = "mnv4 data preview",
       .heading = fmt::format("{} as the network gets it", HtmlEscaped(about_.data)),
       .description = fmt::format(
           "Every picture: {}. Then (value / 255 - mean) / std, which is undone here; mean {:g}, "
           "std {:g}.{}",
           TransformText(transform), fmt::join(transform.input.mean, " "),
           fmt::join(transform.input.std, " "),
           about_.mixing.empty() ? "" : fmt::format(" {} of batches: not shown.", about_.mixing)),
       .figures = HtmlFigure("pictures", fmt::format("{} of {}", shown_, about_.pictures)) +
                  HtmlFigure("classes", about_.classes > 0 ? std::to_string(about_.classes) : "") +
                  HtmlFigure("recipe", HtmlEscaped(about_.recipe)) +
                  HtmlFigure("arithmetic",
                             transform.profile == data::Profile::kGarden ? "garden" : "clean") +
                  HtmlFigure("seed", std::to_string(about_.seed)),
       .body =
           fmt::format("<table>\n<tr><th></th><th>picture</th>{}</tr>\n{}</table>\n", heads, rows_),
       .style = std::string(kStyle)});
}

}  // namespace mnv4::cli
