#pragma once
/// What the program writes to, and how it looks there.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace mnv4::cli {

/// True if `stream` is a terminal.
bool IsTerminal(std::FILE* stream);

/// Text styles of one stream: escape codes on a terminal, nothing elsewhere, under NO_COLOR or
/// where TERM is "dumb".
class Style {
 public:
  /// null: no terminal.
  explicit Style(std::FILE* stream);
  std::string Bold(std::string_view text) const { return Wrap("\x1b[1m", text); }
  std::string Dim(std::string_view text) const { return Wrap("\x1b[2m", text); }
  std::string Green(std::string_view text) const { return Wrap("\x1b[32m", text); }
  std::string Red(std::string_view text) const { return Wrap("\x1b[31m", text); }

 private:
  std::string Wrap(const char* code, std::string_view text) const;
  bool enabled_;
};

/// Columns on screen that UTF-8 `text` takes, every code point counted as one.
size_t DisplayWidth(std::string_view text);

/// Rows of cells in columns, two spaces apart.
class Table {
 public:
  /// A heading that starts with '>' is printed without it and its column aligned to the right.
  explicit Table(std::vector<std::string> headings);
  void Add(std::vector<std::string> row);
  std::string Text(const Style& style) const;
  /// The same in GitHub's Markdown.
  std::string Markdown() const;
  /// The same as comma-separated values (RFC 4180).
  std::string Csv() const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;  // the first are the headings
};

}  // namespace mnv4::cli
