#include <fmt/format.h>

#include <cmath>

#include "mnv4/io/json.h"

namespace mnv4 {
namespace {

void PrintString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void PrintNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const std::string shortest = fmt::format("{}", value);
  out += shortest;
  // So that it is read back as a number, not as an integer.
  if (shortest.find_first_of(".e") == std::string::npos) out += ".0";
}

class Printer {
 public:
  Printer(int indent, std::string& out) : indent_(indent), out_(out) {}

  void Print(const Json& value) {
    if (const auto* truth = value.As<bool>()) {
      out_ += *truth ? "true" : "false";
    } else if (const auto* integer = value.As<int64_t>()) {
      out_ += std::to_string(*integer);
    } else if (const auto* number = value.As<double>()) {
      PrintNumber(*number, out_);
    } else if (const auto* text = value.As<std::string>()) {
      PrintString(*text, out_);
    } else if (const auto* array = value.As<Json::Array>()) {
      List('[', *array, ']', [this](const Json& element) { Print(element); });
    } else if (const auto* object = value.As<Json::Object>()) {
      List('{', *object, '}', [this](const JsonMember& member) {
        PrintString(member.key, out_);
        out_ += indent_ < 0 ? ":" : ": ";
        Print(member.value);
      });
    } else {
      out_ += "null";
    }
  }

 private:
  template <class Elements, class PrintElement>
  void List(char begin, const Elements& elements, char end, PrintElement print_element) {
    out_ += begin;
    ++depth_;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) out_ += ',';
      NewLine();
      print_element(elements[i]);
    }
    --depth_;
    if (!elements.empty()) NewLine();
    out_ += end;
  }

  void NewLine() {
    if (indent_ >= 0) out_.append(1, '\n').append(static_cast<size_t>(indent_ * depth_), ' ');
  }

  int indent_;
  std::string& out_;
  int depth_ = 0;
};

}  // namespace

std::string ToString(const Json& value, int indent) {
  std::string out;
  Printer(indent, out).Print(value);
  return out;
}

}  // namespace mnv4
