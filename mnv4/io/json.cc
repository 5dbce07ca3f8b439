#include "mnv4/io/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4 {
namespace {

// Takes the parser's events and builds the value; refuses by throwing Error.
class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonBuilder(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Json TakeResult() { return std::move(result_); }

  bool null() override { return Put(Json()); }
  bool boolean(bool value) override { return Put(Json(value)); }
  bool number_integer(int64_t value) override { return Put(Json(value)); }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(INT64_MAX)) Fail(fmt::format("{} is out of range", value));
    return Put(Json(static_cast<int64_t>(value)));
  }
  bool number_float(double value, const std::string& token) override {
    // Integers beyond 64 bits arrive here too.
    if (token.find_first_of(".eE") == std::string::npos)
      Fail(Printable(token) + " is out of range");
    return Put(Json(value));
  }
  bool string(std::string& value) override { return Put(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // only of binary formats

  bool start_object(size_t) override { return Open(Json(Json::Object())); }
  bool key(std::string& key) override {
    keys_.back() = std::move(key);
    return true;
  }
  bool end_object() override {
    RefuseDuplicates(*open_.back().As<Json::Object>());
    return Close();
  }
  bool start_array(size_t) override { return Open(Json(Json::Array())); }
  bool end_array() override { return Close(); }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // "[...] parse error at ...: syntax error while parsing value - REASON; last read: ..."
    std::string_view reason = error.what();
    if (error.id == 406) {
      reason = "the number is out of range";
    } else if (const size_t dash = reason.find(" - "); dash != std::string_view::npos) {
      reason.remove_prefix(dash + 3);
      reason = reason.substr(0, reason.find("; "));
    }
    FailAt(position, reason);
  }

  // `position` bytes were read when `reason` was seen.
  [[noreturn]] void FailAt(size_t position, std::string_view reason) const {
    const std::string_view read = text_.substr(0, position);
    const std::string_view near = read.substr(read.size() - std::min<size_t>(read.size(), 16));
    const auto line = 1 + std::count(read.begin(), read.end(), '\n');
    const size_t column = read.size() - (read.rfind('\n') + 1);  // npos + 1 is 0
    Fail(fmt::format("line {}, column {}: {} after '{}'", line, column, Printable(reason, 160),
                     Printable(near)));
  }

 private:
  bool Put(Json value) {
    if (++count_ > kMaxJsonValues) Fail(fmt::format("more than {} values", kMaxJsonValues));
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (auto* array = open_.back().As<Json::Array>()) {
      array->push_back(std::move(value));
    } else {
      open_.back().As<Json::Object>()->push_back({std::move(keys_.back()), std::move(value)});
    }
    return true;
  }

  bool Open(Json container) {
    if (open_.size() == kMaxJsonDepth) Fail(fmt::format("nested deeper than {}", kMaxJsonDepth));
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }

  bool Close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return Put(std::move(done));
  }

  void RefuseDuplicates(const Json::Object& object) {
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const JsonMember& member : object) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return;
    keys_.back().clear();
    Fail(fmt::format("the key '{}' is there twice", Printable(*twice)));
  }

  // "pretrained_cfg.mean[0]" of the value that is being read.
  std::string Path() const {
    std::string path;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (const auto* array = open_[i].As<Json::Array>()) {
        path += fmt::format("[{}]", array->size());
      } else if (!keys_[i].empty()) {
        path += fmt::format("{}{}", path.empty() ? "" : ".", Printable(keys_[i]));
      }
    }
    return path;
  }

  [[noreturn]] void Fail(const std::string& what) const {
    const std::string path = Path();
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: {}{}{}", name_, path, path.empty() ? "" : ": ", what));
  }

  std::string_view text_;
  const std::string& name_;
  Json result_;
  std::vector<Json> open_;         // containers not closed yet, outermost first
  std::vector<std::string> keys_;  // for each of them the key being read (objects)
  size_t count_ = 0;
};

}  // namespace

// Here, because a Value needs a complete JsonMember.
Json::Json() = default;
Json::Json(Value value) : value_(std::move(value)) {}
Json::Json(bool value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(Array value) : value_(std::move(value)) {}
Json::Json(Object value) : value_(std::move(value)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;
// (clang 14 crashes on a defaulted one here.)
bool Json::operator==(const Json& other) const { return value_ == other.value_; }

const Json* Json::Find(std::string_view key) const {
  const auto* object = As<Object>();
  if (object == nullptr) return nullptr;
  const auto it = std::find_if(object->begin(), object->end(),
                               [&](const JsonMember& member) { return member.key == key; });
  return it == object->end() ? nullptr : &it->value;
}

void Json::Add(std::string key, Json value) {
  if (IsNull()) value_ = Object();
  As<Object>()->push_back({std::move(key), std::move(value)});
}

const char* Json::KindName() const {
  constexpr const char* kNames[] = {"null",     "true or false", "an integer", "a number",
                                    "a string", "an array",      "an object"};
  return kNames[value_.index()];
}

Json ParseJson(std::string_view text, const std::string& name) {
  JsonBuilder builder(text, name);
  // The parser takes a zero byte for the end of the text.
  if (const size_t zero = text.find('\0'); zero != text.npos) builder.FailAt(zero, "a zero byte");
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.TakeResult();
}

}  // namespace mnv4
