#pragma once
/// JSON as a small value type: read as hostile input, printed so that nothing is lost.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mnv4 {

struct JsonMember;

/// null, a truth value, an integer, a number, a string, an array or an object.
/// "3" is an integer, "3.0" a number; members keep their order.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;

  Json();
  Json(std::nullptr_t) : Json() {}
  Json(bool value);
  template <std::integral T>
  Json(T value) : Json(Value(static_cast<int64_t>(value))) {}
  Json(double value);
  Json(const char* value) : Json(std::string(value)) {}
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(std::string value);
  Json(Array value);
  Json(Object value);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  bool IsNull() const { return std::holds_alternative<std::monostate>(value_); }
  /// The value if it is of type T (bool, int64_t, double, std::string, Array, Object), else null.
  template <class T>
  const T* As() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  T* As() {
    return std::get_if<T>(&value_);
  }

  /// The member called `key`, or null if there is none or this is no object.
  const Json* Find(std::string_view key) const;
  /// Appends a member; turns null into an object. `key` must be new.
  void Add(std::string key, Json value);

  /// "null", "true or false", "an integer", ...: for error messages.
  const char* KindName() const;

  bool operator==(const Json&) const;

 private:
  using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object>;
  explicit Json(Value value);

  Value value_;
};

struct JsonMember {
  std::string key;
  Json value;
  bool operator==(const JsonMember&) const = default;
};

/// Bounds of what ParseJson reads, so that a hostile text costs neither minutes nor gigabytes.
inline constexpr int kMaxJsonDepth = 64;             ///< arrays and objects within each other
inline constexpr size_t kMaxJsonValues = 2'000'000;  ///< values in all; 2 million take about 250 MB

/// Reads one JSON text. Throws Error(kInvalidFile): "<name>: <JSON path>: line 3, column 7: what is
/// wrong". Refused beside what is no JSON: duplicate keys, text that is not UTF-8, NaN, Infinity,
/// numbers beyond double or int64, and texts beyond the bounds above.
Json ParseJson(std::string_view text, const std::string& name);

/// The text of a value. `indent` spaces a level, as Python's json.dumps(indent=2) lays it out;
/// negative: all in one line without spaces. Numbers keep every bit; NaN and Infinity become null.
std::string ToString(const Json& value, int indent = -1);

}  // namespace mnv4
