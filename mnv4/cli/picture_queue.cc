#include "mnv4/cli/picture_queue.h"

#include <algorithm>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/base/clock.h"

namespace mnv4::cli {
namespace {

Picture LoadOne(data::Sample sample, const PictureLoader& load) {
  const Clock::time_point start = Clock::now();
  Picture picture;
  try {
    picture.pixels = load(sample);
  } catch (const std::exception& error) {  // bad_alloc too: one giant picture is one bad item
    picture.error = error.what();
  }
  picture.decode_ms = MillisecondsSince(start);
  picture.sample = std::move(sample);
  return picture;
}

}  // namespace

PictureQueue::PictureQueue(data::Dataset& samples, PictureLoader load, int workers, int capacity)
    : samples_(samples), load_(std::move(load)), slots_(static_cast<size_t>(capacity)) {
  MNV4_CHECK(workers > 0 && capacity > 0);
  for (int i = 0; i < std::min(workers, capacity); ++i) workers_.emplace_back([this] { Work(); });
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
  std::optional<Picture>& slot = slots_[taken_ % slots_.size()];
  ready_.wait(lock, [&] { return slot.has_value() || count_ == taken_; });
  if (!slot) {
    if (failure_) std::rethrow_exception(failure_);
    return std::nullopt;
  }
  std::optional<Picture> picture = std::move(slot);
  slot.reset();
  ++taken_;
  lock.unlock();
  room_.notify_one();
  return picture;
}

void PictureQueue::Work() {
  while (std::optional<Task> task = NextTask()) {
    Picture picture = LoadOne(std::move(task->sample), load_);
    const std::lock_guard lock(mutex_);
    slots_[task->index % slots_.size()] = std::move(picture);
    if (task->index == taken_) ready_.notify_one();
  }
}

// Waits for room, then reads the next sample; nullopt when there is nothing left to do.
std::optional<PictureQueue::Task> PictureQueue::NextTask() {
  const std::lock_guard reading(reading_);  // samples are numbered as they are read
  size_t index = 0;
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return stop_ || count_ || started_ < taken_ + slots_.size(); });
    if (stop_ || count_) return std::nullopt;
    index = started_++;
  }
  try {
    if (std::optional<data::Sample> sample = samples_.Next()) {
      return Task{index, std::move(*sample)};
    }
    End(index, nullptr);
  } catch (...) {
    End(index, std::current_exception());
  }
  return std::nullopt;
}

void PictureQueue::End(size_t index, std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  count_ = index;
  failure_ = std::move(failure);
  ready_.notify_one();
}

}  // namespace mnv4::cli
