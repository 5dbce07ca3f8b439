#include "mnv4/cli/data_walk.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "mnv4/cli/picture.h"
#include "mnv4/cli/sha256.h"

namespace mnv4::cli {
namespace {

constexpr size_t kHashDigits = 32;  // 128 bits: no two pictures have the same by accident

// Threads that take samples and leave what they saw.
class Walk {
 public:
  Walk(data::Dataset& samples, const LookOptions& options, int workers)
      : samples_(samples), options_(options), working_(workers) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
  }

  ~Walk() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    for (std::thread& worker : workers_) worker.join();
  }

  // What was seen since the last call, after at most `patience`; nullopt when that was all. Throws
  // what the data set threw.
  std::optional<std::vector<SeenPicture>> Next(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, patience, [&] { return !seen_.empty() || working_ == 0; });
    if (!seen_.empty() || working_ > 0) return std::exchange(seen_, {});
    if (failure_) std::rethrow_exception(failure_);
    return std::nullopt;
  }

 private:
  void Work() {
    int64_t index = 0;
    while (const std::optional<data::Sample> sample = Take(index)) {
      SeenPicture seen = LookAt(*sample, options_);
      seen.index = index;
      const std::lock_guard lock(mutex_);
      seen_.push_back(std::move(seen));
      ready_.notify_one();
    }
    const std::lock_guard lock(mutex_);
    --working_;
    ready_.notify_one();
  }

  // The next sample and its place; nullopt when there is nothing left to do.
  std::optional<data::Sample> Take(int64_t& index) {
    const std::lock_guard reading(reading_);
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return std::nullopt;
    }
    std::exception_ptr failure;
    try {
      index = taken_++;
      if (std::optional<data::Sample> sample = samples_.Next()) return sample;
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (!failure_) failure_ = std::move(failure);
    return std::nullopt;
  }

  data::Dataset& samples_;
  const LookOptions options_;
  std::mutex reading_;  // of samples_ and taken_; taken before mutex_
  int64_t taken_ = 0;
  std::mutex mutex_;  // of what follows
  std::condition_variable ready_;
  std::vector<SeenPicture> seen_;
  std::exception_ptr failure_;
  bool stop_ = false;
  int working_;
  std::vector<std::thread> workers_;
};

int Clamped(int64_t count) {
  return static_cast<int>(std::min<int64_t>(count, std::numeric_limits<int>::max()));
}

}  // namespace

void PixelSums::Add(const ImageView& rgb) {
  pixels += int64_t{rgb.width} * rgb.height;
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* row = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x) {
      for (size_t c = 0; c < 3; ++c) {
        const uint64_t value = *row++;
        sum[c] += value;
        sum_of_squares[c] += value * value;
      }
    }
  }
}

void PixelSums::Add(const PixelSums& other) {
  pixels += other.pixels;
  for (size_t c = 0; c < 3; ++c) {
    sum[c] += other.sum[c];
    sum_of_squares[c] += other.sum_of_squares[c];
  }
}

SeenPicture LookAt(const data::Sample& sample, const LookOptions& options) {
  SeenPicture seen;
  seen.key = sample.key;
  if (!sample.labels.empty()) seen.label = sample.labels.front();
  try {
    const std::vector<std::byte> bytes = data::ReadBytes(sample);
    seen.bytes = static_cast<int64_t>(bytes.size());
    if (options.hash) seen.hash = Sha256(bytes).substr(0, kHashDigits);
    seen.format = FormatName(bytes);
    const Image image = Decode(bytes, {.apply_exif = options.apply_exif});
    seen.width = image.width;
    seen.height = image.height;
    if (options.sums_at > 0) {
      const Preprocess whole = {.height = options.sums_at, .width = options.sums_at, .crop_pct = 1};
      seen.sums.Add(ResizeAndCrop(image.view(), whole).view());
    }
  } catch (const std::exception& error) {  // bad_alloc too: one giant picture is one bad item
    seen.error = WhyUnreadable(sample, error);
  }
  return seen;
}

bool LookAtAll(data::Dataset& samples, const LookOptions& options, int workers,
               const InterruptScope& interrupt, Progress& progress,
               const std::function<void(SeenPicture)>& add) {
  constexpr std::chrono::milliseconds kPatience{50};  // Ctrl-C is seen this soon
  Walk walk(samples, options, workers);
  int64_t done = 0;
  while (!interrupt.Interrupted()) {
    std::optional<std::vector<SeenPicture>> some = walk.Next(kPatience);
    if (!some) return true;
    for (SeenPicture& seen : *some) add(std::move(seen));
    done += static_cast<int64_t>(some->size());
    progress.SetTotal(Clamped(std::max(samples.Size(), done)));
    progress.Update(Clamped(done));
  }
  return false;
}

}  // namespace mnv4::cli
