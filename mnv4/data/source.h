#pragma once
/// Labelled pictures by number, which is what training needs: any sample at any time, from any
/// thread. (dataset.h has them one after another.)

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mnv4/data/class_map.h"
#include "mnv4/data/sample.h"

namespace mnv4::data {

class Source {
 public:
  virtual ~Source() = default;

  /// Samples of an epoch.
  virtual int64_t Size() const = 0;
  /// The class of a sample, without reading it; -1: unknown before it is read.
  virtual int LabelOf(int64_t index) const = 0;
  /// Sample `index` of [0, Size()). Sources that make pictures up give new ones every epoch.
  /// May be called by several threads at once. Throws Error(kRuntime) for a file that cannot be
  /// read.
  virtual Sample Get(int64_t epoch, int64_t index) const = 0;
};

/// The given samples, in their order.
std::unique_ptr<Source> SourceOf(std::vector<Sample> samples);

/// By what people type: one ImageFolder, one .csv manifest, .tar shards (ranges in braces), as
/// OpenDataset. Shards are indexed once by their headers and read in place; compressed ones are
/// refused, as they have no places. Throws Error(kInvalidArgument) or Error(kInvalidFile).
std::unique_ptr<Source> OpenSource(const std::vector<std::string>& operands,
                                   const ClassMap& classes);

/// Pictures made of nothing but numbers, for tests and benchmarks: every class is a pattern of its
/// own that a small network learns within a few hundred steps. PNM bytes, `side` pixels square.
std::unique_ptr<Source> SyntheticSource(int classes, int64_t size, int side, uint64_t seed);

/// The order of an epoch: a permutation of [0, size), a function of its arguments.
std::vector<int64_t> ShuffledOrder(uint64_t seed, int64_t epoch, int64_t size);

}  // namespace mnv4::data
