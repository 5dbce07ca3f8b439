// A network as text.

#include <fmt/format.h>

#include <algorithm>

#include "mnv4/arch/arch.h"
#include "mnv4/arch/text_fields.h"

namespace mnv4 {
namespace {

using text::Field;
using text::Keyword;

struct PrintValue {
  std::string operator()(const int* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const {
    std::string text = fmt::format("{}", *value);  // the shortest that reads back the same
    const size_t exponent = text.find("e-0");
    return exponent == text.npos ? text : text.erase(exponent + 2, 1);  // 1e-5, not 1e-05
  }
  std::string operator()(const text::KernelPair& pair) const {
    return fmt::format("{}/{}", *pair.start, *pair.mid);
  }
  std::string operator()(const std::optional<Activation>* value) const {
    return value->has_value() ? (*this)(&**value) : "";
  }
  template <class Enum>
  std::string operator()(const Enum* value) const {
    const auto words = text::WordsOf(*value);
    return std::find_if(words.begin(), words.end(), [&](auto& w) { return w.value == *value; })
        ->text;
  }
};

// " k3 s2 o32 act=relu", or with a separator of "=" everywhere: " pad=sym stem=32".
std::string PrintFields(const std::vector<Field>& fields, const std::vector<Field>& defaults,
                        const char* separator) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string value = std::visit(PrintValue{}, fields[i].value);
    const bool is_default = value == std::visit(PrintValue{}, defaults[i].value);
    if (fields[i].show == text::Show::kUnlessDefault && is_default) continue;
    const bool is_word = value.front() >= 'a';
    text += fmt::format(" {}{}{}", fields[i].key, is_word ? "=" : separator, value);
  }
  return text;
}

// What the keyword says and no field does.
bool IsSecondForm(const BlockSpec& block) {
  const auto* separable = std::get_if<SeparableSpec>(&block);
  return separable != nullptr ? separable->activate : KindOf(block) == BlockKind::kMha;
}

std::string PrintBlock(BlockSpec block) {
  const auto same_form = [&](const Keyword& keyword) {
    return keyword.block.index() == block.index() &&
           IsSecondForm(keyword.block) == IsSecondForm(block);
  };
  const Keyword& keyword =
      *std::find_if(std::begin(text::kKeywords), std::end(text::kKeywords), same_form);
  BlockSpec defaults = keyword.block;
  return keyword.text + PrintFields(std::visit(text::BlockFields{}, block),
                                    std::visit(text::BlockFields{}, defaults), "");
}

}  // namespace

std::string Print(const NetworkSpec& spec) {
  CheckSpec(spec);
  NetworkSpec copy = spec, defaults;
  std::string text =
      fmt::format("network {}{}\n", spec.name,
                  PrintFields(text::HeaderFields(copy), text::HeaderFields(defaults), "="));
  for (const auto& stage : spec.stages) {
    text += "stage\n";
    for (const BlockSpec& block : stage) text += "  " + PrintBlock(block) + "\n";
  }
  return text;
}

}  // namespace mnv4
