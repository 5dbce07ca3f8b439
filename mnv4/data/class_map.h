#pragma once
/// From what a data set calls its classes to the network's numbers for them.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mnv4::data {

/// More classes than any data set has: a bound of their numbers where nothing says how many.
inline constexpr int kMostClasses = 1'000'000;

class ClassMap {
 public:
  /// Knows the numbers 0 to classes - 1, and no names yet.
  explicit ClassMap(int classes) : classes_(classes) {}

  /// A text file, a class a line: its name, where the line's number from 0 is the class, or name, a
  /// tab and the number. Throws Error(kInvalidFile) naming the line: a name given twice, a number
  /// that is none of the classes.
  static ClassMap Read(const std::string& path, int classes);
  /// The same, with as many classes as the file has.
  static ClassMap Read(const std::string& path);

  /// Class i is called names[i] too, unless that is empty or another class's name already.
  /// A name that `names` itself gives twice stands for none.
  void AddNames(std::span<const std::string> names);

  /// The class called `label` ("_" is the same as " "), else the class whose number it is.
  std::optional<int> Find(std::string_view label) const;
  /// The same. Throws Error(kInvalidFile): "<place>: 'tabby' is none of the 1000 classes; ...".
  int IndexOf(std::string_view label, const std::string& place) const;

  /// A name of each class, the first in alphabetical order, as it is found ("_" is " "); the number
  /// of a class without a name.
  std::vector<std::string> Names() const;

  /// How many classes there are.
  int classes() const { return classes_; }

 private:
  int classes_;
  std::map<std::string, int> names_;
};

}  // namespace mnv4::data
