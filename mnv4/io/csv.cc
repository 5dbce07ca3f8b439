#include "mnv4/io/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

[[noreturn]] void Fail(const std::string& name, int line, const char* what) {
  throw Error(ErrorCode::kInvalidFile, fmt::format("{}: line {}: {}", name, line, what));
}

// Reads one text row by row.
class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  std::vector<CsvRow> Run() {
    std::vector<CsvRow> rows;
    while (!rest_.empty()) {
      if (TakeLineEnd()) continue;
      CsvRow row{line_, {}};
      do {
        row.fields.push_back(rest_.starts_with('"') ? Quoted() : Unquoted());
      } while (Take(','));
      if (!rest_.empty() && !TakeLineEnd()) Fail(name_, line_, "text after a closing quote");
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool TakeLineEnd() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!Take('\n')) return false;
    ++line_;
    return true;
  }

  std::string Unquoted() {
    size_t end = std::min(rest_.find_first_of(",\n"), rest_.size());
    if (rest_.substr(end).starts_with('\n') && end > 0 && rest_[end - 1] == '\r') --end;
    const std::string field(rest_.substr(0, end));
    if (field.find('"') != std::string::npos) Fail(name_, line_, "a quote inside a field");
    rest_.remove_prefix(end);
    return field;
  }

  std::string Quoted() {
    const int line = line_;
    std::string field;
    rest_.remove_prefix(1);
    while (true) {
      const size_t end = rest_.find('"');
      if (end == std::string_view::npos) Fail(name_, line, "a quote that does not close");
      line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + end, '\n'));
      field += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!Take('"')) return field;
      field += '"';
    }
  }

  std::string_view rest_;
  const std::string& name_;
  int line_ = 1;
};

void RefuseNul(std::string_view text, const std::string& name) {
  const size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + nul, '\n');
  Fail(name, static_cast<int>(line), "a NUL byte, expected text");
}

}  // namespace

std::vector<std::string_view> Lines(std::string_view text, const std::string& name) {
  RefuseNul(text, name);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<CsvRow> ParseCsv(std::string_view text, const std::string& name) {
  RefuseNul(text, name);
  return CsvParser(text, name).Run();
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + '"';
}

}  // namespace mnv4
