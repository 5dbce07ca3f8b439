#pragma once
/// WebDataset shards: tar archives in which the files of one sample follow each other.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/data/class_map.h"
#include "mnv4/data/sample.h"
#include "mnv4/data/tar.h"

namespace mnv4::data {

/// The samples of one shard. A file's key is its path up to the first dot of its base name, what
/// follows says what it is: .jpg .jpeg .png .webp: the picture; .cls: the class, a number or a
/// name; .json: an object whose "label" is the class. Other endings, and files whose names start
/// with a dot, are passed over, as are keys without a picture. If there are both .cls and .json,
/// .cls counts.
class ShardReader {
 public:
  /// `classes` must outlive it.
  ShardReader(TarReader tar, const ClassMap& classes);

  /// The next sample; nullopt after the last. Its `key` is "<shard>:<key>". Throws
  /// Error(kInvalidFile) where the archive is damaged, and for a picture without a class, with one
  /// that is not of `classes`, or beside another of the same key.
  std::optional<Sample> Next() { return Next(nullptr); }
  /// The same, but the picture is not read: `place` tells where it is (TarReader::place).
  std::optional<Sample> NextPlace(TarPlace& place) { return Next(&place); }

  int64_t position() const { return tar_.position(); }

 private:
  std::optional<Sample> Next(TarPlace* place);
  bool Advance();
  void Take(Sample& sample, std::string_view ending, TarPlace* place);
  int LabelIn(const std::vector<std::byte>& bytes, bool is_json, const std::string& place) const;

  TarReader tar_;
  const ClassMap& classes_;
  bool at_file_ = false;      // the tar stands at a file that nobody took yet
  std::string key_;           // of that file
  bool has_picture_ = false;  // the sample at hand
};

/// Whether a name ends as shards do: .tar, .tar.gz, .tgz, .tar.zst.
bool IsShardName(std::string_view name);

/// "val-{08..11}.tar" stands for val-08.tar to val-11.tar, every range in the text for itself; the
/// numbers are padded with zeros to the width of the first. Throws Error(kInvalidArgument) for
/// braces that are no range and for more than 100,000 names.
std::vector<std::string> ExpandBraces(std::string_view text);

}  // namespace mnv4::data
