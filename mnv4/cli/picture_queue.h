#pragma once
/// Decodes the pictures of a data set on worker threads, ahead of the network, in a bounded queue.

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mnv4/data/dataset.h"
#include "mnv4/image/image.h"

namespace mnv4::cli {

struct Picture {
  data::Sample sample;
  Image pixels;          ///< as large as the network's input; empty if there was an error
  std::string error;     ///< why there are no pixels; "" if there are
  double decode_ms = 0;  ///< reading, decoding, resizing
};

/// From a sample to the pixels. Called on several threads at once; may throw Error.
using PictureLoader = std::function<Image(const data::Sample& sample)>;

/// Hands the pictures out in the order of the data set, whoever was decoded first.
class PictureQueue {
 public:
  /// At most `capacity` pictures wait or are being decoded. `samples` must outlive the queue.
  PictureQueue(data::Dataset& samples, PictureLoader load, int workers, int capacity);
  /// Waits for the pictures that are being decoded.
  ~PictureQueue();
  PictureQueue(const PictureQueue&) = delete;
  PictureQueue& operator=(const PictureQueue&) = delete;

  /// Waits for the next picture; nullopt after the last. Throws what the data set threw, after the
  /// pictures before it.
  std::optional<Picture> Next();

 private:
  struct Task {
    size_t index;
    data::Sample sample;
  };

  void Work();
  std::optional<Task> NextTask();
  void End(size_t index, std::exception_ptr failure);

  data::Dataset& samples_;
  const PictureLoader load_;
  std::mutex reading_;  // of samples_; taken before mutex_
  std::mutex mutex_;    // of what follows
  std::condition_variable ready_, room_;
  std::vector<std::optional<Picture>> slots_;  // picture i waits in slot i % capacity
  size_t started_ = 0, taken_ = 0;             // pictures; started_ <= taken_ + capacity
  std::optional<size_t> count_;                // of all pictures, once it is known
  std::exception_ptr failure_;                 // why there are no more than count_
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace mnv4::cli
