#pragma once
/// What tests of readers share: files in a folder that goes away, messages, damaged copies.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"

namespace mnv4::test {

/// A folder for one test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mnv4_test_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::string& path() const { return path_.native(); }
  /// Writes a file, making its folders.
  std::string Put(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// A file of tests/golden.
inline std::string Golden(const std::string& name) {
  return std::string(MNV4_SOURCE_DIR) + "/tests/golden/" + name;
}

/// The message of the Error that `action` throws, "" if it throws none. It must be one line and
/// have the code `code`.
template <class Action>
std::string MessageOf(Action action, ErrorCode code = ErrorCode::kInvalidFile) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.code(), code) << message;
    EXPECT_EQ(message.find_first_of("\r\n\x1b"), std::string::npos) << message;
    EXPECT_LT(message.size(), 2000u) << message.substr(0, 200);
    return message;
  }
  return "";
}

/// Calls `read` with every truncation of `content`; each must throw Error.
template <class Read>
void ExpectErrorAtEveryTruncation(const std::string& content, Read read) {
  for (size_t size = 0; size < content.size(); ++size) {
    const std::string cut = content.substr(0, size);  // its own allocation, for asan
    EXPECT_NE(MessageOf([&] { read(cut); }), "") << "cut to " << size << " bytes";
  }
}

/// Calls `read` with `count` damaged copies of `content`: bytes changed, inserted, removed,
/// doubled. Each must either be read or throw Error; anything else ends the test.
template <class Read>
void ExpectErrorOrSuccessOnMutations(const std::string& content, int count, Read read) {
  std::mt19937 random(1);
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  for (int i = 0; i < count; ++i) {
    std::string damaged = content;
    for (size_t edits = 1 + below(4); edits > 0 && !damaged.empty(); --edits) {
      const size_t at = below(damaged.size());
      const size_t length = std::min<size_t>(1 + below(8), damaged.size() - at);
      switch (below(5)) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:  // a digit or bracket finds more in text than any byte does
          damaged[at] = "0123456789-.eE[]{}()\",:'\\ \n"[below(27)];
          break;
        case 2:
          damaged.insert(at, damaged.substr(below(damaged.size()), length));
          break;
        case 3:
          damaged.erase(at, length);
          break;
        case 4:
          damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(8)));
          break;
      }
    }
    try {
      read(damaged);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
}

}  // namespace mnv4::test
