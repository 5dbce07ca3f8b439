// Text as a network. The text may be anybody's: every byte is checked, sizes are limited.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "mnv4/arch/arch.h"
#include "mnv4/arch/text_fields.h"
#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

using text::Field;
using text::Keyword;
using Words = std::vector<std::string_view>;

constexpr size_t kMaxTextBytes = 1 << 20;

// Reads `text` into a value; returns what was wanted if that fails, else "".
struct ParseValue {
  std::string_view text;

  template <class Number>
  static bool Read(std::string_view from, Number& to) {
    const char* end = from.data() + from.size();
    const auto result = std::from_chars(from.data(), end, to);
    return result.ec == std::errc() && result.ptr == end;
  }

  std::string operator()(int* value) const { return Read(text, *value) ? "" : "a whole number"; }
  std::string operator()(double* value) const { return Read(text, *value) ? "" : "a number"; }
  std::string operator()(const text::KernelPair& pair) const {
    const size_t slash = text.find('/');
    const bool valid = slash != text.npos && Read(text.substr(0, slash), *pair.start) &&
                       Read(text.substr(slash + 1), *pair.mid);
    return valid ? "" : "two kernels like 3/5";
  }
  std::string operator()(std::optional<Activation>* value) const {
    return (*this)(&value->emplace());
  }
  template <class Enum>
  std::string operator()(Enum* value) const {
    std::string wanted = "one of";
    for (const auto& word : text::WordsOf(*value)) {
      wanted += std::string(" ") + word.text;
      if (text != word.text) continue;
      *value = word.value;
      return "";
    }
    return wanted;
  }
};

// Somebody's bytes as part of a one-line message.
std::string Quoted(std::string_view bytes) {
  std::string text = "'";
  for (const char c : bytes.substr(0, 40)) {
    text += c >= ' ' && c <= '~' ? std::string(1, c)
                                 : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text + (bytes.size() > 40 ? "...'" : "'");
}

Words SplitWords(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  line = line.substr(0, line.find('#'));
  Words words;
  for (size_t begin = 0; (begin = line.find_first_not_of(kBlank, begin)) != line.npos;) {
    const size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

class Parser {
 public:
  NetworkSpec Run(std::string_view text) {
    bool has_header = false;
    for (; !text.empty(); ++line_) {
      const size_t end = std::min(text.find('\n'), text.size());
      const Words words = SplitWords(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (words.empty()) continue;
      if (!has_header) {
        ParseHeader(words);
        has_header = true;
      } else if (words[0] == "stage") {
        if (words.size() > 1) Fail(Quoted(words[1]) + " after stage, wanted a new line");
        spec_.stages.emplace_back();
      } else {
        ParseBlock(words);
      }
    }
    if (!has_header) Fail("the end of the text, wanted 'network NAME ...'");
    return std::move(spec_);
  }

 private:
  [[noreturn]] void Fail(const std::string& message) const {
    throw Error(ErrorCode::kInvalidFile, fmt::format("line {}: {}", line_, message));
  }

  [[noreturn]] void FailUnknown(std::string_view word,
                                const std::vector<const char*>& known) const {
    Fail(fmt::format("unknown {}, the nearest known is '{}'", Quoted(word),
                     NearestName(word, known)));
  }

  void ParseHeader(const Words& words) {
    if (words[0] != "network" || words.size() < 2) {
      Fail(Quoted(words[0]) + ", wanted 'network NAME ...' first");
    }
    spec_.name = words[1];
    const std::vector<Field> fields = text::HeaderFields(spec_);
    std::set<std::string_view> given;
    for (size_t i = 2; i < words.size(); ++i) {
      const size_t equals = words[i].find('=');
      if (equals == words[i].npos) Fail(Quoted(words[i]) + ", wanted KEY=VALUE");
      const std::string_view key = words[i].substr(0, equals), value = words[i].substr(equals + 1);
      if (!given.insert(key).second) Fail(Quoted(key) + " is given twice");
      Set(fields, key, value, words[i]);
    }
  }

  void ParseBlock(const Words& words) {
    const auto* keyword =
        std::find_if(std::begin(text::kKeywords), std::end(text::kKeywords),
                     [&](const Keyword& keyword) { return keyword.text == words[0]; });
    if (keyword == std::end(text::kKeywords)) {
      std::vector<const char*> known = {"stage"};
      for (const Keyword& other : text::kKeywords) known.push_back(other.text);
      FailUnknown(words[0], known);
    }
    if (spec_.stages.empty()) Fail(fmt::format("{} before the first stage", keyword->text));
    BlockSpec& block = spec_.stages.back().emplace_back(keyword->block);
    const std::vector<Field> fields = std::visit(text::BlockFields{}, block);
    std::set<std::string_view> given;
    for (size_t i = 1; i < words.size(); ++i) {
      const size_t letters = words[i].find_first_not_of("abcdefghijklmnopqrstuvwxyz");
      const std::string_view key = words[i].substr(0, letters);
      if (!given.insert(key).second) Fail(Quoted(words[i]) + " says the same thing twice");
      std::string_view value = words[i].substr(key.size());
      if (value.starts_with('=')) value.remove_prefix(1);  // before a word: act=relu
      Set(fields, key, value, words[i]);
    }
    for (const Field& field : fields) {
      if (field.show == text::Show::kUnlessDefault || given.contains(field.key)) continue;
      Fail(fmt::format("{} without {}", keyword->text,
                       *field.key ? Quoted(field.key) : "its kernels, like 3/5"));
    }
    const std::string problem = ProblemOf(block);
    if (!problem.empty()) Fail(problem);
  }

  void Set(const std::vector<Field>& fields, std::string_view key, std::string_view value,
           std::string_view word) {
    std::vector<const char*> known;
    for (const Field& field : fields) {
      if (field.key == key) {
        const std::string wanted = std::visit(ParseValue{value}, field.value);
        if (!wanted.empty()) Fail(Quoted(word) + ", wanted " + wanted);
        return;
      }
      if (*field.key) known.push_back(field.key);
    }
    FailUnknown(word, known);
  }

  NetworkSpec spec_;
  int line_ = 1;
};

}  // namespace

NetworkSpec ParseNetwork(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("a network in {} bytes of text, wanted at most {}", text.size(),
                            kMaxTextBytes));
  }
  NetworkSpec spec = Parser().Run(text);
  try {
    CheckSpec(spec);
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidFile, error.what());
  }
  return spec;
}

}  // namespace mnv4
