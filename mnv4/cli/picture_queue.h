#pragma once
/// Decodes pictures on worker threads, ahead of the network, in a bounded queue.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mnv4/image/image.h"

namespace mnv4::cli {

struct Picture {
  std::string path;
  Image pixels;          ///< as large as the network's input; empty if there was an error
  std::string error;     ///< why there are no pixels; "" if there are
  double decode_ms = 0;  ///< reading, decoding, resizing
};

/// From a path to the pixels. Called on several threads at once; may throw Error.
using PictureLoader = std::function<Image(const std::string& path)>;

/// Hands the pictures out in the order of `paths`, whoever was decoded first.
class PictureQueue {
 public:
  /// At most `capacity` pictures wait or are being decoded.
  PictureQueue(std::vector<std::string> paths, PictureLoader load, int workers, int capacity);
  /// Waits for the pictures that are being decoded.
  ~PictureQueue();
  PictureQueue(const PictureQueue&) = delete;
  PictureQueue& operator=(const PictureQueue&) = delete;

  /// Waits for the next picture; nullopt after the last.
  std::optional<Picture> Next();

 private:
  void Work();

  const std::vector<std::string> paths_;
  const PictureLoader load_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::vector<std::optional<Picture>> slots_;  // picture i waits in slot i % capacity
  size_t started_ = 0, taken_ = 0;             // pictures; started_ <= taken_ + capacity
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace mnv4::cli
