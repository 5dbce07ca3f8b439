#include "mnv4/cli/data_preview_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TransformText, SaysWhatIsDoneInItsOrder) {
  data::Transform transform;
  EXPECT_EQ(TransformText(transform),
            "random crop of 8 % to 100 % of the picture, width / height 0.75 to 1.33, resized to "
            "224 x 224 pixels (bilinear, without antialiasing); left-right flip with probability "
            "0.5");
  transform.profile = data::Profile::kClean;
  transform.auto_augment = data::AutoAugmentKind::kRandAugment;
  transform.colour_jitter = 0.4;
  transform.erase = 0.25;
  transform.flip = 0;
  EXPECT_EQ(TransformText(transform),
            "random crop of 8 % to 100 % of the picture, width / height 0.75 to 1.33, resized to "
            "224 x 224 pixels (bicubic); RandAugment: 2 operations of magnitude 9, each with "
            "probability 0.5; brightness, contrast and saturation by 0.6 to 1.4; a rectangle "
            "erased with probability 0.25");
  transform = {};
  transform.crop = data::CropKind::kCenter;
  transform.auto_augment = data::AutoAugmentKind::kAutoAugment;
  EXPECT_THAT(TransformText(transform), HasSubstr("crop of evaluation (center, crop_pct 0.875, "));
  EXPECT_THAT(TransformText(transform), HasSubstr("AutoAugment, policy v0"));
}

TEST(PreviewPage, ShowsPicturesAndErrorsAndEscapesNames) {
  PreviewPage page({.data = "a & b",
                    .recipe = "stamps",
                    .transform = {},
                    .mixing = "Mixup",
                    .seed = 7,
                    .pictures = 100,
                    .classes = 0,
                    .epochs = 2});
  page.Add({.key = "a & b/<x>.png",
            .label = "owl",
            .width = 500,
            .height = 375,
            .original = SyntheticPixels(16, 12, 3),
            .seen = {SyntheticPixels(8, 8, 3), SyntheticPixels(8, 8, 1)}});
  page.Add({.key = "broken.png", .label = "cat", .error = "PNG: truncated"});
  const std::string html = page.Page();
  EXPECT_THAT(html, HasSubstr("<h1>a &amp; b as the network gets it</h1>"));
  EXPECT_THAT(html, HasSubstr("<b>owl</b><small>a &amp; b/&lt;x&gt;.png<br>500 x 375 pixels"));
  EXPECT_THAT(html, HasSubstr("<td colspan=\"3\">PNG: truncated</td>"));
  EXPECT_THAT(html, HasSubstr("<dd>2 of 100</dd>"));
  EXPECT_THAT(html, HasSubstr("Mixup of batches: not shown."));
  EXPECT_THAT(html, HasSubstr("<th>epoch 2</th></tr>"));
  EXPECT_THAT(html, Not(HasSubstr("epoch 3")));
  size_t pictures = 0;
  for (size_t at = 0; (at = html.find("data:image/jpeg;base64,/9j/", at)) != std::string::npos;
       ++at) {
    ++pictures;
  }
  EXPECT_EQ(pictures, 3u);
}

}  // namespace
}  // namespace mnv4::cli
