#pragma once
/// The HTML pages of a run. They open offline: style and pictures are in them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mnv4::runs {

struct PageContent {
  std::string title, description;                            ///< text
  std::vector<std::pair<std::string, std::string>> figures;  ///< text: a name and its value
  std::string body;                                          ///< HTML
};
std::string HtmlPage(const PageContent& content);

}  // namespace mnv4::runs
