#pragma once
/// Labelled pictures, one after another, whatever form they are stored in.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/data/class_map.h"
#include "mnv4/data/sample.h"

namespace mnv4::data {

class Dataset {
 public:
  virtual ~Dataset() = default;

  /// The next picture, nullopt after the last. Called by one thread at a time. Throws
  /// Error(kInvalidFile) where the set itself, not just one picture, is broken.
  virtual std::optional<Sample> Next() = 0;

  /// How many pictures there are; while shards are read, what the part read so far suggests. 0:
  /// nothing is known yet. May be called while another thread is in Next.
  virtual int64_t Size() const = 0;
};

/// The given pictures, in their order.
std::unique_ptr<Dataset> ListOf(std::vector<Sample> samples);

/// A torchvision ImageFolder: `folder` holds one folder a class, with pictures in and below it.
/// Ordered by class folder, then by path. Folders are named after classes of `classes`; if none
/// of them is and there are as many folders as classes, they are numbered in sorted order.
/// Folders that start with a dot are passed over. Throws Error(kInvalidFile) for any other folder
/// name and where there are no pictures.
std::unique_ptr<Dataset> OpenImageFolder(const std::string& folder, const ClassMap& classes);

/// The class folders of an ImageFolder, sorted. Throws Error(kRuntime) for one that cannot be read.
std::vector<std::string> ClassFolders(const std::string& folder);

/// A CSV file of `path,label` lines (with or without that header); paths are relative to it.
/// Throws Error(kInvalidFile) naming the line.
std::unique_ptr<Dataset> OpenManifest(const std::string& path, const ClassMap& classes);

/// What such a file calls its classes: numbers, if all labels are, as many as the largest says,
/// else sorted names ("_" is the same as " "). Throws as OpenManifest does.
ClassMap ManifestClasses(const std::string& path);

/// WebDataset shards: .tar, .tar.gz, .tgz, .tar.zst; webdataset.h says what they hold.
/// `classes` must outlive it. Throws Error(kRuntime) for a shard that is not there.
std::unique_ptr<Dataset> OpenShards(std::vector<std::string> paths, const ClassMap& classes);

/// What people type, taken apart; one of the three.
struct Operands {
  std::string folder = {}, manifest = {};
  std::vector<std::string> shards = {};  ///< braces expanded
};
/// One folder, one .csv file, or shards, where shard-{000..012}.tar stands for 13 of them. Throws
/// Error(kInvalidArgument) for anything else.
Operands ParseOperands(const std::vector<std::string>& operands);

/// What ParseOperands finds, opened. `classes` must outlive it.
std::unique_ptr<Dataset> OpenDataset(const std::vector<std::string>& operands,
                                     const ClassMap& classes);

/// The classes of a data set without a model: class folders in sorted order, a manifest's, or of
/// shards, which do not say, the numbers below kMostClasses.
ClassMap ClassesIn(const std::vector<std::string>& operands);

}  // namespace mnv4::data
