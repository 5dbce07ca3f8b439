#pragma once
/// Batches for training, decoded and augmented on threads of their own ahead of the step that
/// wants them. What comes out depends on the seed and the step alone, not on the threads.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mnv4/data/source.h"
#include "mnv4/data/transform.h"

namespace mnv4::data {

struct Batch {
  int64_t epoch = 0;
  int64_t first = 0;                ///< position within the epoch of the first sample
  std::vector<float> pixels;        ///< [n, h, w, c], normalised
  std::vector<int> labels;          ///< [n]; the first of a sample's labels
  std::vector<int64_t> indices;     ///< [n], into the source
  std::vector<std::string> broken;  ///< "key: why"; another sample took the place of each
};

struct LoaderOptions {
  int batch_size = 32;
  int workers = 1;
  uint64_t seed = 0;
  bool shuffle = true;
  int64_t batches_per_epoch = 0;    ///< 0: all there are; fewer leave the rest of the order out
  bool replace_broken = true;       ///< false: a broken picture is left out of its batch
  bool drop_last = true;            ///< false: the last batch of an epoch may be smaller
  int64_t epoch = 0, position = 0;  ///< where to begin; a position is a multiple of batch_size
  int64_t epochs = -1;              ///< ends before the epoch of this number; -1: never
  int batches_ahead = 3;
  bool strict = false;  ///< a broken picture ends it
};

class Loader {
 public:
  /// `source` must outlive it. Throws Error(kInvalidArgument) if an epoch has no whole batch, and
  /// for options that make no sense.
  Loader(const Source& source, Transform transform, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch, in order; nullptr after the last. A broken picture is replaced by the sample
  /// after it in the epoch's order (up to 100 in a row, then Error(kRuntime)). Throws what workers
  /// threw, again and again. One thread at a time may call it.
  std::unique_ptr<Batch> Next();
  /// Gives a batch's memory back to be filled again.
  void Recycle(std::unique_ptr<Batch> batch);

  int64_t batches_per_epoch() const;
  /// Seconds that Next has waited in all: the pipeline was too slow by so much.
  double seconds_waited() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mnv4::data
