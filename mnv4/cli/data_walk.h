#pragma once
/// Every picture of a data set, looked at on worker threads.

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/progress.h"
#include "mnv4/data/dataset.h"
#include "mnv4/image/image.h"

namespace mnv4::cli {

/// Exact sums over pixels of 8 bits: the order in which they are added changes nothing.
struct PixelSums {
  int64_t pixels = 0;
  std::array<uint64_t, 3> sum = {}, sum_of_squares = {};

  void Add(const ImageView& rgb);
  void Add(const PixelSums& other);
};

struct SeenPicture {
  int64_t index = 0;     ///< its place in the set
  std::string key = {};  ///< data::Sample's
  int label = 0;
  std::string error = {};  ///< why it cannot be decoded; "" if it can
  int64_t bytes = 0;       ///< of its file; 0 if it cannot be read
  std::string hash = {};   ///< of its file's content; "" if it cannot be read
  const char* format = "";
  int width = 0, height = 0;  ///< pixels, turned as EXIF says
  PixelSums sums = {};
};

struct LookOptions {
  bool apply_exif = true;
  bool hash = false;  ///< of contents
  int sums_at = 0;    ///< resize and crop to this side and sum its pixels; 0: do not
};

/// Whatever is wrong with a picture is in its `error`.
SeenPicture LookAt(const data::Sample& sample, const LookOptions& options);

/// Looks at all samples and hands what it sees to `add`, on the calling thread, in any order.
/// Ends early, with false, after Ctrl-C. Throws what the data set throws.
bool LookAtAll(data::Dataset& samples, const LookOptions& options, int workers,
               const InterruptScope& interrupt, Progress& progress,
               const std::function<void(SeenPicture)>& add);

}  // namespace mnv4::cli
