#include "mnv4/cli/picture_queue.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "mnv4/base/check.h"

namespace mnv4::cli {
namespace {

Picture LoadOne(const std::string& path, const PictureLoader& load) {
  const auto start = std::chrono::steady_clock::now();
  Picture picture;
  picture.path = path;
  try {
    picture.pixels = load(path);
  } catch (const std::exception& error) {  // bad_alloc too: one giant picture is one bad item
    picture.error = error.what();
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  picture.decode_ms = took.count();
  return picture;
}

}  // namespace

PictureQueue::PictureQueue(std::vector<std::string> paths, PictureLoader load, int workers,
                           int capacity)
    : paths_(std::move(paths)), load_(std::move(load)), slots_(static_cast<size_t>(capacity)) {
  MNV4_CHECK(workers > 0 && capacity > 0);
  const size_t count = std::min({static_cast<size_t>(workers), slots_.size(), paths_.size()});
  for (size_t i = 0; i < count; ++i) workers_.emplace_back([this] { Work(); });
}

PictureQueue::~PictureQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::optional<Picture> PictureQueue::Next() {
  std::unique_lock lock(mutex_);
  if (taken_ == paths_.size()) return std::nullopt;
  std::optional<Picture>& slot = slots_[taken_ % slots_.size()];
  ready_.wait(lock, [&] { return slot.has_value(); });
  std::optional<Picture> picture = std::move(slot);
  slot.reset();
  ++taken_;
  lock.unlock();
  room_.notify_one();
  return picture;
}

void PictureQueue::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    room_.wait(lock, [&] {
      return stop_ || started_ == paths_.size() || started_ < taken_ + slots_.size();
    });
    if (stop_ || started_ == paths_.size()) return;
    const size_t index = started_++;
    lock.unlock();
    Picture picture = LoadOne(paths_[index], load_);
    lock.lock();
    slots_[index % slots_.size()] = std::move(picture);
    if (index == taken_) ready_.notify_one();
  }
}

}  // namespace mnv4::cli
