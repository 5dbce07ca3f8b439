#pragma once
/// Text from outside, made fit for one line of an error message, or for a page.

#include <string>
#include <string_view>

namespace mnv4 {

/// `text` with control characters and bytes that are not UTF-8 written as \n, \t, \x1b, ... and
/// everything past `max_bytes` replaced by "...". Never longer than 4 * max_bytes + 3.
std::string Printable(std::string_view text, size_t max_bytes = 120);

/// `text`, printable, to stand in HTML and in SVG, between tags or in double quotes.
std::string HtmlEscaped(std::string_view text);

/// Whether `text` holds a control character (C0, DEL, C1).
bool HasControlCharacter(std::string_view text);

}  // namespace mnv4
