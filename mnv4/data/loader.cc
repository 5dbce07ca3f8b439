#include "mnv4/data/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "mnv4/base/clock.h"
#include "mnv4/base/error.h"
#include "mnv4/data/random.h"

namespace mnv4::data {
namespace {

constexpr int kMostBrokenInARow = 100;
constexpr int64_t kLeftOut = -1;  // in Batch::indices until Next() closes the gap

using Order = std::vector<int64_t>;

// A batch that is being filled. Workers write different samples of it at the same time.
struct Slot {
  std::unique_ptr<Batch> batch;
  std::shared_ptr<const Order> order;  // of its epoch
  int next = 0;                        // the first sample that nobody has claimed
  int unfinished = 0;
  std::vector<std::vector<std::string>> broken;  // in the place of each sample
  std::vector<std::exception_ptr> errors;        // of each sample
};

void CheckOptions(const Source& source, const LoaderOptions& options) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument, what);
  };
  if (options.batch_size < 1) {
    refuse(fmt::format("batch size: {}, expected at least 1", options.batch_size));
  }
  if (options.workers < 1) {
    refuse(fmt::format("workers: {}, expected at least 1", options.workers));
  }
  if (options.batches_ahead < 1) {
    refuse(fmt::format("batches ahead: {}, expected at least 1", options.batches_ahead));
  }
  const int64_t size = source.Size(), wanted = options.drop_last ? options.batch_size : 1;
  if (size < wanted) {
    refuse(fmt::format("{} pictures, expected at least {}: a batch", size, wanted));
  }
  if (options.epoch < 0 || options.position < 0 || options.position % options.batch_size != 0) {
    refuse(
        fmt::format("epoch {}, position {}: expected a position that is a multiple of the "
                    "batch size {}",
                    options.epoch, options.position, options.batch_size));
  }
}

}  // namespace

struct Loader::State {
  State(const Source& of, Transform how, LoaderOptions with)
      : source(of), transform(std::move(how)), options(with) {
    CheckOptions(source, options);
    const int64_t size = source.Size(), batch = options.batch_size;
    batches_per_epoch = options.drop_last ? size / batch : (size + batch - 1) / batch;
    if (options.batches_per_epoch > 0) {
      batches_per_epoch = std::min(batches_per_epoch, options.batches_per_epoch);
    }
    epoch = options.epoch;
    batch_in_epoch = options.position / batch;
    try {
      for (int i = 0; i < options.workers; ++i) threads.emplace_back([this] { Work(); });
    } catch (const std::system_error& error) {
      Stop();
      throw Error(ErrorCode::kRuntime,
                  fmt::format("{} workers: {}", options.workers, error.what()));
    }
  }

  ~State() { Stop(); }

  void Stop() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    work.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  // All below but Fill with the mutex held.

  bool HasMore() const {
    const bool at_end = batch_in_epoch >= batches_per_epoch;
    return options.epochs < 0 || epoch + (at_end ? 1 : 0) < options.epochs;
  }

  // Begins the next batch.
  Slot& Open() {
    if (batch_in_epoch >= batches_per_epoch) {
      ++epoch;
      batch_in_epoch = 0;
    }
    if (!order || order_epoch != epoch) {
      Order fresh(source.Size());
      if (options.shuffle) {
        fresh = ShuffledOrder(options.seed, epoch, source.Size());
      } else {
        std::iota(fresh.begin(), fresh.end(), 0);
      }
      order = std::make_shared<const Order>(std::move(fresh));
      order_epoch = epoch;
    }
    auto slot = std::make_unique<Slot>();
    if (recycled.empty()) {
      slot->batch = std::make_unique<Batch>();
    } else {
      slot->batch = std::move(recycled.back());
      recycled.pop_back();
    }
    slot->order = order;
    Batch& batch = *slot->batch;
    batch.epoch = epoch;
    batch.first = batch_in_epoch * options.batch_size;
    const auto n =
        static_cast<size_t>(std::min<int64_t>(options.batch_size, source.Size() - batch.first));
    batch.pixels.resize(n * SampleSize());
    batch.labels.resize(n);
    batch.indices.resize(n);
    batch.broken.clear();
    slot->broken.resize(n);
    slot->errors.resize(n);
    slot->unfinished = static_cast<int>(n);
    ++batch_in_epoch;
    slots.push_back(std::move(slot));
    return *slots.back();
  }

  // A batch with a sample to be made; null: nothing to do for now.
  Slot* Claimable() {
    for (const auto& slot : slots) {
      if (slot->next < static_cast<int>(slot->batch->labels.size())) return slot.get();
    }
    if (slots.size() >= static_cast<size_t>(options.batches_ahead) || !HasMore()) return nullptr;
    Slot& opened = Open();
    work.notify_all();  // there is more than one sample in it
    return &opened;
  }

  void Work() {
    std::unique_lock lock(mutex);
    while (!stop) {
      Slot* slot = nullptr;
      try {
        slot = Claimable();
      } catch (...) {  // no memory for another batch
        error = std::current_exception();
        ready.notify_all();
        return;
      }
      if (slot == nullptr) {
        work.wait(lock);
        continue;
      }
      const int i = slot->next++;
      lock.unlock();
      try {
        Fill(*slot, i);
      } catch (...) {
        slot->errors[i] = std::current_exception();
      }
      lock.lock();
      if (--slot->unfinished == 0) ready.notify_all();
    }
  }

  // Makes sample i of a batch; what it writes is nobody else's.
  void Fill(Slot& slot, int i) const {
    Batch& batch = *slot.batch;
    const auto size = static_cast<int64_t>(slot.order->size());
    for (int attempt = 0; attempt < kMostBrokenInARow; ++attempt) {
      const int64_t index = (*slot.order)[(batch.first + i + attempt) % size];
      std::optional<Sample> sample;
      try {
        sample = source.Get(batch.epoch, index);
        LoadForTraining(ReadBytes(*sample), transform,
                        Random(options.seed, Use::kSample, batch.epoch, index),
                        &batch.pixels[i * SampleSize()]);
        batch.labels[i] = sample->labels.empty() ? -1 : sample->labels.front();
        batch.indices[i] = index;
        return;
      } catch (const Error& error) {
        // A source that cannot give the sample names it itself.
        const std::string what =
            sample ? fmt::format("{}: {}", sample->key, error.what()) : error.what();
        if (options.strict) throw Error(error.code(), what);
        slot.broken[i].push_back(what);
        if (!options.replace_broken) {
          batch.indices[i] = kLeftOut;
          return;
        }
      }
    }
    throw Error(ErrorCode::kRuntime, fmt::format("{} pictures in a row are broken; the first: {}",
                                                 kMostBrokenInARow, slot.broken[i].front()));
  }

  size_t SampleSize() const {
    const Preprocess& input = transform.input;
    return size_t{1} * input.height * input.width * input.channels;
  }

  const Source& source;
  const Transform transform;
  const LoaderOptions options;
  int64_t batches_per_epoch = 0;

  std::mutex mutex;
  std::condition_variable work;             // a batch was taken, or it is time to stop
  std::condition_variable ready;            // a batch is full
  std::deque<std::unique_ptr<Slot>> slots;  // in their order
  std::vector<std::unique_ptr<Batch>> recycled;
  int64_t epoch = 0, batch_in_epoch = 0;  // of the batch to be opened next
  std::shared_ptr<const Order> order;
  int64_t order_epoch = -1;
  std::exception_ptr error;
  double seconds_waited = 0;
  bool stop = false;
  std::vector<std::thread> threads;
};

Loader::Loader(const Source& source, Transform transform, LoaderOptions options)
    : state_(std::make_unique<State>(source, std::move(transform), options)) {}

Loader::~Loader() = default;

namespace {

// Moves the samples together that are not left out.
void CloseGaps(Batch& batch) {
  const size_t sample = batch.indices.empty() ? 0 : batch.pixels.size() / batch.indices.size();
  size_t kept = 0;
  for (size_t i = 0; i < batch.indices.size(); ++i) {
    if (batch.indices[i] == kLeftOut) continue;
    if (kept < i) {
      std::copy_n(batch.pixels.begin() + static_cast<ptrdiff_t>(i * sample), sample,
                  batch.pixels.begin() + static_cast<ptrdiff_t>(kept * sample));
      batch.labels[kept] = batch.labels[i];
      batch.indices[kept] = batch.indices[i];
    }
    ++kept;
  }
  batch.pixels.resize(kept * sample);
  batch.labels.resize(kept);
  batch.indices.resize(kept);
}

}  // namespace

std::unique_ptr<Batch> Loader::Next() {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  const auto begin = Clock::now();
  s.ready.wait(lock, [&] {
    if (s.error) return true;
    return s.slots.empty() ? !s.HasMore() : s.slots.front()->unfinished == 0;
  });
  s.seconds_waited += MillisecondsSince(begin) / 1000;
  if (s.error) std::rethrow_exception(s.error);
  if (s.slots.empty()) return nullptr;
  for (const std::exception_ptr& error : s.slots.front()->errors) {
    if (error) std::rethrow_exception(error);
  }
  const std::unique_ptr<Slot> slot = std::move(s.slots.front());
  s.slots.pop_front();
  s.work.notify_all();
  for (std::vector<std::string>& broken : slot->broken) {
    std::move(broken.begin(), broken.end(), std::back_inserter(slot->batch->broken));
  }
  if (!s.options.replace_broken) CloseGaps(*slot->batch);
  return std::move(slot->batch);
}

void Loader::Recycle(std::unique_ptr<Batch> batch) {
  if (!batch) return;
  const std::lock_guard lock(state_->mutex);
  state_->recycled.push_back(std::move(batch));
}

int64_t Loader::batches_per_epoch() const { return state_->batches_per_epoch; }

double Loader::seconds_waited() const {
  const std::lock_guard lock(state_->mutex);
  return state_->seconds_waited;
}

}  // namespace mnv4::data
