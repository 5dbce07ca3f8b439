#pragma once
/// Lines and comma-separated values (RFC 4180), read as hostile input and written.

#include <string>
#include <string_view>
#include <vector>

namespace mnv4 {

/// The lines of a text, which must outlive them: without "\n" or "\r\n"; the last may lack it.
/// Throws Error(kInvalidFile) for a text that holds a NUL; `name` is what errors call it.
std::vector<std::string_view> Lines(std::string_view text, const std::string& name);

/// The rows of a text. A field in double quotes may hold commas, line ends and, doubled, quotes.
/// Empty lines are passed over. Throws Error(kInvalidFile) naming the line for a NUL and for quotes
/// that do not close or stand inside a field.
struct CsvRow {
  int line = 1;  ///< where it starts, from 1
  std::vector<std::string> fields;
};
std::vector<CsvRow> ParseCsv(std::string_view text, const std::string& name);

/// `text` as one field, in quotes where it needs them.
std::string CsvField(std::string_view text);

}  // namespace mnv4
