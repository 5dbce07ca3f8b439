#pragma once
/// What `mnv4 data check` says, as text and JSON.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mnv4/cli/data_walk.h"
#include "mnv4/cli/terminal.h"

namespace mnv4::cli {

/// A picture, where it is.
struct PicturePlace {
  size_t set = 0;     ///< which of the sets
  int64_t index = 0;  ///< in it
  std::string key, label;
};

/// Pictures whose files are equal to the byte.
struct DuplicateGroup {
  std::vector<PicturePlace> pictures;  ///< two or more, by set and index
  bool conflict = false;               ///< not all of one class
  bool shared = false;                 ///< not all of one set
};

class DataCheck {
 public:
  /// Of one set, or of two that should share nothing.
  explicit DataCheck(std::vector<std::string> set_names);

  /// A picture of set number `set`; `label` is the name of its class.
  void Add(size_t set, SeenPicture seen, const std::string& label);
  /// Names of all classes of a set, from which those without a picture follow.
  void SetClasses(size_t set, const std::vector<std::string>& labels);

  bool interrupted = false;  ///< not all pictures were seen

  int64_t broken() const { return static_cast<int64_t>(broken_.size()); }
  /// In the order of their first pictures.
  std::vector<DuplicateGroup> Duplicates() const;

  std::string Text(const Style& style) const;
  /// One object; docs/verbs/data.md lists its members.
  std::string JsonText() const;

 private:
  struct Set {
    std::string name;
    int64_t pictures = 0, bytes = 0;
    std::map<std::string, int64_t> classes;  // pictures by class name
  };
  struct BrokenPicture {
    PicturePlace place;
    std::string error;
  };

  std::vector<std::string> EmptyClasses(const Set& set) const;
  std::vector<BrokenPicture> Broken() const;

  std::vector<Set> sets_;
  std::vector<BrokenPicture> broken_;
  std::map<std::string, std::vector<PicturePlace>> by_hash_;
};

}  // namespace mnv4::cli
