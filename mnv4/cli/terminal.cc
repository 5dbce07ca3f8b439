#include "mnv4/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/io/csv.h"

namespace mnv4::cli {
namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsDumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

}  // namespace

bool IsTerminal(std::FILE* stream) { return isatty(fileno(stream)) == 1; }

Style::Style(std::FILE* stream)
    : enabled_(stream != nullptr && IsTerminal(stream) && !IsSet("NO_COLOR") && !IsDumb()) {}

std::string Style::Wrap(const char* code, std::string_view text) const {
  return enabled_ ? fmt::format("{}{}\x1b[0m", code, text) : std::string(text);
}

size_t DisplayWidth(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), continues));
}

Table::Table(std::vector<std::string> headings) {
  for (std::string& heading : headings) {
    right_.push_back(heading.starts_with('>'));
    if (right_.back()) heading.erase(0, 1);
  }
  rows_.push_back(std::move(headings));
}

void Table::Add(std::vector<std::string> row) {
  MNV4_CHECK(row.size() == right_.size());
  rows_.push_back(std::move(row));
}

std::string Table::Text(const Style& style) const {
  std::vector<size_t> widths(right_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - DisplayWidth(row[i]), ' ');
      if (i > 0) line += "  ";
      line += right_[i] ? gap + row[i] : row[i] + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (&row == &rows_.front() ? style.Bold(line) : line) + '\n';
  }
  return text;
}

std::string Table::Markdown() const {
  const auto line_of = [](const std::vector<std::string>& cells) {
    return fmt::format("| {} |\n", fmt::join(cells, " | "));
  };
  std::string text = line_of(rows_.front());
  for (const bool right : right_) text += right ? "|---:" : "|---";
  text += "|\n";
  for (size_t i = 1; i < rows_.size(); ++i) text += line_of(rows_[i]);
  return text;
}

std::string Table::Csv() const {
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + CsvField(row[i]);
    text += '\n';
  }
  return text;
}

}  // namespace mnv4::cli
