#pragma once
/// What the HTML pages of verbs share. A page opens offline: style and pictures are in it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/cli/result.h"
#include "mnv4/io/printable.h"  // HtmlEscaped

namespace mnv4::cli {

/// For pictures inside a page: data:image/jpeg;base64,...
std::string Base64(const std::vector<std::byte>& bytes);

/// A number with its name under a page's heading; "" if `value` is.
std::string HtmlFigure(std::string_view term, const std::string& value);

struct HtmlContent {
  std::string title, heading;  ///< HTML
  std::string description;     ///< text
  std::string figures;         ///< of HtmlFigure
  std::string body;            ///< HTML
  std::string style = {};      ///< CSS beside that of all pages
};
std::string HtmlPage(const HtmlContent& content);

/// Larger picture files are not shown.
inline constexpr size_t kMaxPictureBytes = 2'000'000;

/// Cards with a picture and its answer. The first 500 pictures of at most 2 MB are shown, up to
/// 64 MB in all; the rest appear by name.
class HtmlCards {
 public:
  HtmlCards(std::vector<std::string> labels, bool apply_exif);
  std::string Card(const Result& result);

 private:
  std::string PictureOf(const Result& result);

  std::vector<std::string> labels_;
  bool apply_exif_;
  int pictures_ = 0;          // shown
  size_t picture_bytes_ = 0;  // of their files
};

}  // namespace mnv4::cli
