#include "mnv4/data/loader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <set>
#include <thread>

#include "mnv4/base/error.h"
#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using mnv4::test::MessageOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kSide = 16;

Transform Small() {
  Transform transform;
  transform.input.height = transform.input.width = kSide;
  transform.auto_augment = AutoAugmentKind::kRandAugment;
  return transform;
}

std::unique_ptr<Source> Pictures(int64_t size) { return SyntheticSource(5, size, 24, 1); }

// Pictures of which some are broken, or end in something other than an Error.
class Damaged : public Source {
 public:
  Damaged(int64_t size, std::set<int64_t> broken)
      : whole_(Pictures(size)), broken_(std::move(broken)) {}
  int64_t Size() const override { return whole_->Size(); }
  int LabelOf(int64_t index) const override { return whole_->LabelOf(index); }
  Sample Get(int64_t epoch, int64_t index) const override {
    if (fatal && index == 3) throw std::bad_alloc();
    Sample sample = whole_->Get(epoch, index);
    if (broken_.contains(index)) sample.bytes.resize(40);
    return sample;
  }
  bool fatal = false;

 private:
  std::unique_ptr<Source> whole_;
  std::set<int64_t> broken_;
};

struct Seen {
  int64_t epoch, first;
  std::vector<float> pixels;
  std::vector<int> labels;
  std::vector<int64_t> indices;
  std::vector<std::string> broken;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Take(Loader& loader, int most = 1000) {
  std::vector<Seen> all;
  for (int i = 0; i < most; ++i) {
    auto batch = loader.Next();
    if (!batch) break;
    all.push_back(
        {batch->epoch, batch->first, batch->pixels, batch->labels, batch->indices, batch->broken});
    loader.Recycle(std::move(batch));
  }
  return all;
}

TEST(Loader, GivesTheSameWhateverTheWorkers) {
  const Damaged source(23, {4, 5, 17});
  const auto with = [&](int workers, int ahead) {
    Loader loader(
        source, Small(),
        {.batch_size = 4, .workers = workers, .seed = 9, .epochs = 3, .batches_ahead = ahead});
    return Take(loader);
  };
  const std::vector<Seen> one = with(1, 1);
  EXPECT_EQ(one.size(), 3u * 5);
  EXPECT_EQ(one, with(2, 3));
  EXPECT_EQ(one, with(5, 2));
  EXPECT_EQ(one, with(8, 9));
}

TEST(Loader, GoesOnInTheMiddleOfAnEpoch) {
  const auto source = Pictures(23);
  Loader whole(*source, Small(), {.batch_size = 4, .workers = 2, .epochs = 3});
  const std::vector<Seen> all = Take(whole);
  for (const int done : {1, 4, 5, 7}) {  // 5: the end of the first epoch
    const Seen& next = all[done];
    Loader resumed(
        *source, Small(),
        {.batch_size = 4, .workers = 3, .epoch = next.epoch, .position = next.first, .epochs = 3});
    EXPECT_EQ(Take(resumed), std::vector<Seen>(all.begin() + done, all.end()));
  }
  Loader at_end(*source, Small(), {.batch_size = 4, .position = 20, .epochs = 3});
  EXPECT_EQ(Take(at_end), std::vector<Seen>(all.begin() + 5, all.end()));
}

TEST(Loader, ShowsEveryPictureOnceAnEpoch) {
  const auto source = Pictures(10);
  Loader loader(*source, Small(), {.batch_size = 4, .drop_last = false, .epochs = 2});
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  const std::vector<Seen> all = Take(loader);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[2].labels.size(), 2u);
  EXPECT_EQ(all[2].pixels.size(), 2u * kSide * kSide * 3);
  EXPECT_EQ(all[3].epoch, 1);
  EXPECT_EQ(all[3].first, 0);
  std::vector<int64_t> first, second;
  for (int i = 0; i < 6; ++i) {
    auto& epoch = i < 3 ? first : second;
    epoch.insert(epoch.end(), all[i].indices.begin(), all[i].indices.end());
  }
  EXPECT_NE(first, second);
  EXPECT_EQ(first, ShuffledOrder(0, 0, 10));
  EXPECT_EQ(second, ShuffledOrder(0, 1, 10));
}

TEST(Loader, KeepsTheOrderIfItIsTold) {
  const auto source = Pictures(5);
  Loader loader(*source, Small(),
                {.batch_size = 3, .shuffle = false, .drop_last = false, .epochs = 1});
  const std::vector<Seen> all = Take(loader);
  EXPECT_THAT(all[0].indices, ElementsAre(0, 1, 2));
  EXPECT_THAT(all[1].labels, ElementsAre(3, 4));
}

TEST(Loader, AgreesWithTheTransform) {
  const auto source = Pictures(4);
  Loader loader(*source, Small(), {.batch_size = 4, .seed = 5, .epoch = 2});
  const auto batch = loader.Next();
  std::vector<float> pixels(size_t{kSide} * kSide * 3);
  LoadForTraining(source->Get(2, batch->indices[1]).bytes, Small(),
                  Random(5, Use::kSample, 2, batch->indices[1]), pixels.data());
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), batch->pixels.begin() + pixels.size()));
}

TEST(Loader, PutsTheNextPictureInTheBrokenOnesPlace) {
  const Damaged source(6, {1, 2, 5});
  Loader loader(source, Small(), {.batch_size = 3, .shuffle = false, .epochs = 1});
  const std::vector<Seen> all = Take(loader);
  EXPECT_THAT(all[0].indices, ElementsAre(0, 3, 3));
  EXPECT_THAT(all[0].labels, ElementsAre(0, 3, 3));
  EXPECT_THAT(all[0].broken, ElementsAre(HasSubstr("synthetic:0:1: "), HasSubstr("synthetic:0:2: "),
                                         HasSubstr("synthetic:0:2: ")));
  EXPECT_THAT(all[1].indices, ElementsAre(3, 4, 0));  // the last one's next is the first
  EXPECT_EQ(all[1].broken.size(), 1u);
}

TEST(Loader, LeavesBrokenPicturesOutIfTheyAreNotReplaced) {
  const Damaged source(7, {1, 4, 6});
  Loader loader(source, Small(),
                {.batch_size = 3,
                 .workers = 2,
                 .shuffle = false,
                 .replace_broken = false,
                 .drop_last = false,
                 .epochs = 1});
  std::vector<int64_t> indices;
  size_t broken = 0;
  while (const auto batch = loader.Next()) {
    indices.insert(indices.end(), batch->indices.begin(), batch->indices.end());
    broken += batch->broken.size();
    EXPECT_EQ(batch->labels.size(), batch->indices.size());
    EXPECT_EQ(batch->pixels.size(), batch->indices.size() * kSide * kSide * 3);
  }
  EXPECT_THAT(indices, ElementsAre(0, 2, 3, 5));
  EXPECT_EQ(broken, 3u);
}

TEST(Loader, TakesAsManyBatchesAnEpochAsItIsTold) {
  const auto source = Pictures(10);
  Loader loader(*source, Small(), {.batch_size = 2, .batches_per_epoch = 3, .epochs = 2});
  std::vector<std::pair<int64_t, int64_t>> seen;
  while (const auto batch = loader.Next()) seen.emplace_back(batch->epoch, batch->first);
  const std::vector<std::pair<int64_t, int64_t>> expected = {{0, 0}, {0, 2}, {0, 4},
                                                             {1, 0}, {1, 2}, {1, 4}};
  EXPECT_EQ(seen, expected);
}

TEST(Loader, EndsAtABrokenPictureIfItIsStrict) {
  const Damaged source(4, {2});
  Loader loader(source, Small(), {.batch_size = 2, .workers = 2, .shuffle = false, .strict = true});
  EXPECT_THAT(loader.Next()->broken, IsEmpty());
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(MessageOf([&] { loader.Next(); }, ErrorCode::kRuntime),
                HasSubstr("synthetic:0:2: PNM"));
  }
}

TEST(Loader, EndsWhereNothingButBrokenPicturesFollow) {
  std::set<int64_t> all;
  for (int i = 0; i < 200; ++i) all.insert(i);
  const Damaged source(200, all);
  Loader loader(source, Small(), {.batch_size = 2, .shuffle = false});
  EXPECT_THAT(MessageOf([&] { loader.Next(); }, ErrorCode::kRuntime),
              HasSubstr("100 pictures in a row are broken; the first: synthetic:0:0: "));
}

TEST(Loader, CarriesWhatIsNoErrorOfOurs) {
  Damaged source(8, {});
  source.fatal = true;
  Loader loader(source, Small(), {.batch_size = 4, .workers = 2, .shuffle = false});
  EXPECT_THROW(loader.Next(), std::bad_alloc);
}

TEST(Loader, MayBeEndedAtAnyTime) {
  const auto source = Pictures(40);
  for (int i = 0; i < 60; ++i) {
    Loader loader(*source, Small(), {.batch_size = 4, .workers = 1 + i % 4, .seed = 1});
    for (int batches = i % 3; batches > 0; --batches) loader.Next();
    if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
  }
}

TEST(Loader, IsNotFurtherAheadThanItIsTold) {
  class Counting : public Source {
   public:
    int64_t Size() const override { return 100; }
    int LabelOf(int64_t) const override { return 0; }
    Sample Get(int64_t epoch, int64_t index) const override {
      ++asked;
      return whole->Get(epoch, index);
    }
    std::unique_ptr<Source> whole = Pictures(100);
    mutable std::atomic<int> asked = 0;
  } source;
  Loader loader(source, Small(), {.batch_size = 5, .workers = 3, .batches_ahead = 2});
  const auto batch = loader.Next();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LE(source.asked, 15);
  EXPECT_GE(loader.seconds_waited(), 0);
}

TEST(Loader, FillsRecycledMemory) {
  const auto source = Pictures(8);
  Loader loader(*source, Small(), {.batch_size = 8, .batches_ahead = 1});
  std::set<const float*> buffers;
  for (int i = 0; i < 10; ++i) {
    auto batch = loader.Next();
    buffers.insert(batch->pixels.data());
    loader.Recycle(std::move(batch));
  }
  EXPECT_LE(buffers.size(), 3u);
  loader.Recycle(nullptr);
}

TEST(Loader, RefusesOptionsThatMakeNoSense) {
  const auto source = Pictures(8);
  const auto message = [&](const LoaderOptions& options) {
    return MessageOf([&] { Loader(*source, Small(), options); }, ErrorCode::kInvalidArgument);
  };
  EXPECT_THAT(message({.batch_size = 9}), HasSubstr("8 pictures, expected at least 9: a batch"));
  EXPECT_THAT(message({.batch_size = 0}), HasSubstr("batch size: 0"));
  EXPECT_THAT(message({.batch_size = 2, .workers = 0}), HasSubstr("workers: 0"));
  EXPECT_THAT(message({.batch_size = 2, .batches_ahead = 0}), HasSubstr("batches ahead: 0"));
  EXPECT_THAT(message({.batch_size = 4, .position = 3}), HasSubstr("position 3"));
  const auto none = SourceOf({});
  EXPECT_THAT(
      MessageOf([&] { Loader(*none, Small(), {.drop_last = false}); }, ErrorCode::kInvalidArgument),
      HasSubstr("0 pictures, expected at least 1"));
}

}  // namespace
}  // namespace mnv4::data
