#include "mnv4/io/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace mnv4 {
namespace {

// Bytes of the UTF-8 character that starts `text`, 0 if it is none (overlong, surrogate, cut off).
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

bool IsControl(std::string_view character) {
  const auto lead = static_cast<uint8_t>(character[0]);
  if (lead < 0x20 || lead == 0x7F) return true;
  return lead == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;  // U+0080 to U+009F
}

}  // namespace

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string result;
  size_t i = 0;
  while (i < text.size()) {
    const size_t length = CharacterLength(text.substr(i));
    if (i + std::max<size_t>(length, 1) > max_bytes) return result + "...";
    const std::string_view character = text.substr(i, std::max<size_t>(length, 1));
    i += character.size();
    if (length != 0 && !IsControl(character)) {
      result += character;
    } else if (character == "\n") {
      result += "\\n";
    } else if (character == "\t") {
      result += "\\t";
    } else {
      for (const char byte : character) {
        result += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
      }
    }
  }
  return result;
}

std::string HtmlEscaped(std::string_view text) {
  std::string out;
  for (const char c : Printable(text, 1 << 16)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

bool HasControlCharacter(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length != 0 && IsControl(text.substr(0, length))) return true;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return false;
}

}  // namespace mnv4
