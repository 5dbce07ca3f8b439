// Packed weights on disk: whatever happened to the file, a start has the right ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"
#include "mnv4/io/testing.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::runtime {
namespace {

namespace fs = std::filesystem;

const Hash kNetwork = HashOf("a network");

// Weights of these sizes in bytes; their values depend on their index.
using Sizes = std::vector<size_t>;
const Sizes kSizes = {100, 64, 1, 700};

// A process that asks for them; returns how many it packed. All must be right.
int Start(const std::string& folder, const Sizes& sizes = kSizes, const Hash& network = kNetwork) {
  PackedWeights weights;
  weights.Open(
      folder, [&] { return network; }, nullptr);
  int packed = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto fill = [&](void* bytes) { std::memset(bytes, static_cast<int>(i) + 1, sizes[i]); };
    const auto weight = weights.GetOrPack({"layer" + std::to_string(i), "kernel"}, sizes[i],
                                          [&](void* bytes) { fill(bytes), ++packed; });
    std::vector<std::byte> expected(PackedRoom(sizes[i]));
    fill(expected.data());
    EXPECT_EQ(weight->size(), sizes[i]);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(weight->data()) % kCacheLine, 0u);
    EXPECT_EQ(std::memcmp(weight->data(), expected.data(), expected.size()), 0) << i;
  }
  weights.Save();
  return packed;
}

std::string FileOf(const test::TempFolder& folder) { return PackedPath(folder.path(), kNetwork); }
constexpr int kAll = 4, kNone = 0;

// The file of a first start.
std::string Written(const test::TempFolder& folder) {
  EXPECT_EQ(Start(folder.path()), kAll);
  return ReadTextFile(FileOf(folder), 1 << 20);
}

void Put(const test::TempFolder& folder, std::string_view content) {
  folder.Put(fs::path(FileOf(folder)).filename(), content);
}

// After a change of the header or the table: the first 16 bytes are the hash of the rest of both.
void SetChecksum(std::string& file) {
  const Hash hash = HashOf(std::string_view(file).substr(16, 64 - 16 + 48 * kAll));
  std::memcpy(file.data(), &hash, sizeof hash);
}

TEST(PackedWeights, ASecondStartPacksNothing) {
  const test::TempFolder folder;
  EXPECT_EQ(Start(folder / "made/for/it"), kAll);
  EXPECT_EQ(Start(folder / "made/for/it"), kNone);
}

TEST(PackedWeights, OneFlippedBitAnywhereIsFound) {
  const test::TempFolder folder;
  std::string file = Written(folder);
  const auto expected = ReadPacked(test::Bytes(file), kNetwork, nullptr);
  ASSERT_EQ(expected.size(), kSizes.size());
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto flip = [&] { file[bit / 8] = static_cast<char>(file[bit / 8] ^ 1 << bit % 8); };
    flip();
    const auto found = ReadPacked(test::Bytes(file), kNetwork, nullptr);
    const bool of_all = bit / 8 < 64 + 48 * kAll;  // the header or the table
    EXPECT_EQ(found.size(), of_all ? 0 : kSizes.size() - 1) << bit;
    for (const auto& [key, weight] : found) {
      EXPECT_EQ(weight.size(), expected.at(key).size());
    }
    flip();
  }
}

TEST(PackedWeights, ADamagedFileIsRepaired) {
  const test::TempFolder folder;
  const std::string whole = Written(folder);
  for (size_t at = 0; at < whole.size(); at += 61) {
    std::string damaged = whole;
    ++damaged[at];
    Put(folder, damaged);
    EXPECT_EQ(Start(folder.path()), at < 64 + 48 * kAll ? kAll : 1) << at;
    EXPECT_EQ(Start(folder.path()), kNone) << at;
  }
}

TEST(PackedWeights, AFileOfAnyOtherLengthIsFoundAndRepaired) {
  const test::TempFolder folder;
  const std::string whole = Written(folder);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);  // its own allocation, for asan
    EXPECT_EQ(ReadPacked(test::Bytes(cut), kNetwork, nullptr).size(), 0u) << size;
  }
  for (const size_t size : {0, 1, 63, 64, 100, 256, 500}) {
    Put(folder, whole.substr(0, size));
    EXPECT_EQ(Start(folder.path()), kAll) << size;
    EXPECT_EQ(Start(folder.path()), kNone) << size;
  }
  Put(folder, whole + "more");  // nobody reads it
  EXPECT_EQ(Start(folder.path()), kNone);
}

TEST(PackedWeights, FilesOfOtherBuildsNetworksAndProgramsAreReplaced) {
  const test::TempFolder folder;
  const std::string whole = Written(folder);
  for (const size_t field : {16, 32, 48}) {  // magic, build, network
    std::string other = whole;
    ++other[field];
    SetChecksum(other);
    Put(folder, other);
    EXPECT_EQ(Start(folder.path()), kAll) << field;
    EXPECT_EQ(Start(folder.path()), kNone) << field;
  }
  Put(folder, std::string(1000, 'x'));
  EXPECT_EQ(Start(folder.path()), kAll);
}

TEST(PackedWeights, PlacesOutsideTheFileAreNotRead) {
  const test::TempFolder folder;
  const std::string whole = Written(folder);
  const uint64_t size = whole.size();
  const auto start_with = [&](size_t at, uint64_t value) {
    std::string bad = whole;
    std::memcpy(bad.data() + at, &value, sizeof value);
    SetChecksum(bad);
    Put(folder, bad);
    return Start(folder.path());
  };
  const size_t count = 24, offset = 64 + 32, bytes = offset + 8;  // of the first weight
  for (const uint64_t value : {size, size - 64, ~uint64_t{0}, ~uint64_t{63}, uint64_t{1} << 63}) {
    EXPECT_EQ(start_with(count, value), kAll) << value;
    EXPECT_EQ(start_with(offset, value), kAll) << value;
    EXPECT_EQ(start_with(bytes, value), kAll) << value;
  }
  EXPECT_EQ(start_with(offset, 257), kAll);  // not aligned
}

TEST(PackedWeights, AddsToTheFileWhatAnotherStartDidNotNeed) {
  const test::TempFolder folder;
  EXPECT_EQ(Start(folder.path(), {100, 64}), 2);
  EXPECT_EQ(Start(folder.path(), kSizes), 2);
  EXPECT_EQ(Start(folder.path(), {100}), kNone);
  EXPECT_EQ(Start(folder.path(), {200}), 1);  // of another size
  EXPECT_EQ(Start(folder.path(), {200, 64, 1, 700}), kNone);
}

TEST(PackedWeights, NetworksDoNotShareAFile) {
  const test::TempFolder folder;
  EXPECT_EQ(Start(folder.path(), kSizes, HashOf("one")), kAll);
  EXPECT_EQ(Start(folder.path(), kSizes, HashOf("two")), kAll);
  EXPECT_EQ(Start(folder.path(), kSizes, HashOf("one")), kNone);
}

TEST(PackedWeights, AreTheSameWhereTheyCannotBeKept) {
  const test::TempFolder folder;
  folder.Put("file", "in the way");
  EXPECT_THAT(test::MessageOf([&] { Start(folder / "file"); }, ErrorCode::kRuntime),
              testing::HasSubstr("cannot write"));

  fs::create_directories(FileOf(folder));  // a folder in the place of the file
  EXPECT_NE(test::MessageOf([&] { Start(folder.path()); }, ErrorCode::kRuntime), "");
  fs::remove(FileOf(folder));

  // As on a full disk, writing ends in the middle. Nothing must be left of it.
  struct rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small = {.rlim_cur = 600, .rlim_max = before.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = test::MessageOf([&] { Start(folder.path()); }, ErrorCode::kRuntime);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_THAT(message, testing::HasSubstr("File too large"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // "file"
}

const Sizes kLarge(20, 500'000);  // bytes: some milliseconds to write

TEST(PackedWeights, SurviveWritersThatAreKilled) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "no fork under the thread sanitizer";
#endif
  const test::TempFolder folder;
  int unfinished = 0;
  for (int round = 0; round < 20; ++round) {
    fs::remove(FileOf(folder));
    const pid_t child = fork();
    if (child == 0) {
      Start(folder.path(), kLarge);
      _exit(0);
    }
    const auto at_work = [&] {
      for (const auto& entry : fs::directory_iterator(folder.path())) {
        std::error_code renamed;
        const auto size = entry.file_size(renamed);
        if (!renamed && size > static_cast<uintmax_t>(400'000 * round)) return true;
      }
      return false;
    };
    while (!at_work() && waitpid(child, nullptr, WNOHANG) == 0) {
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    unfinished += !fs::exists(FileOf(folder));
    const int packed = Start(folder.path(), kLarge);
    EXPECT_TRUE(packed == 0 || packed == 20) << packed;
    EXPECT_EQ(Start(folder.path(), kLarge), kNone);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
  }
  EXPECT_GT(unfinished, 0);
}

TEST(PackedWeights, SurviveWritersAtTheSameTime) {
  const test::TempFolder folder;
  for (int round = 0; round < 10; ++round) {
    fs::remove(FileOf(folder));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        try {
          Start(folder.path(), kLarge);
        } catch (const Error&) {  // the other took its unfinished file for a dead one's
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(Start(folder.path(), kLarge), kNone);
  }
}

TEST(PackedFolder, IsMnv4HomeElseTheUsersCache) {
  const auto folder_with = [](const char* name, const char* value) {
    for (const char* each : {"MNV4_HOME", "XDG_CACHE_HOME", "HOME"}) unsetenv(each);
    if (name != nullptr) setenv(name, value, 1);
    return PackedFolder();
  };
  const std::string home = getenv("HOME") != nullptr ? getenv("HOME") : "";
  EXPECT_EQ(folder_with("MNV4_HOME", "/a"), "/a/packed");
  EXPECT_EQ(folder_with("XDG_CACHE_HOME", "/b"), "/b/mnv4/packed");
  EXPECT_EQ(folder_with("HOME", "/c"), "/c/.cache/mnv4/packed");
  EXPECT_EQ(folder_with(nullptr, nullptr), "");
  if (!home.empty()) setenv("HOME", home.c_str(), 1);
}

// A stem and a pointwise convolution with a batch norm.
Graph Network(int side = 16, double eps = 1e-5, float first_weight = 0.5f) {
  Builder builder("small", {1, side, side, 3});
  const Conv2d stem = {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  NodeId x = builder.Add(stem, {builder.input(), builder.Param("stem.weight", {24, 3, 3, 3})});
  x = builder.Add(Conv2d{}, {x, builder.Param("pw.weight", {40, 24, 1, 1})});
  const NodeId weight = builder.Param("bn.weight", {40}), bias = builder.Param("bn.bias", {40});
  const NodeId mean = builder.Param("bn.running_mean", {40});
  const NodeId var = builder.Param("bn.running_var", {40});
  x = builder.Add(BatchNorm{.eps = eps}, {x, weight, bias, mean, var});
  builder.SetOutput("logits", builder.Add(Pool2d{}, {x}));
  Graph graph = builder.Finish();
  TensorMap weights = HashWeights(graph);
  std::vector<float> changed = ToFloats(weights.at("pw.weight"));
  changed[0] = first_weight;
  weights["pw.weight"] = MakeTensor({40, 24, 1, 1}, changed);
  return Bind(std::move(graph), weights);
}

std::vector<float> Logits(const Graph& graph, const PlanOptions& options) {
  ThreadPool pool(2);
  const auto& shape = graph.nodes.front().type.shape;
  const int h = static_cast<int>(shape[1]), w = static_cast<int>(shape[2]);
  Engine engine([&](int, int, int) { return graph; }, options);
  Session session(engine.PlanFor(1, h, w, &pool), pool);
  const std::vector<float> pixels = HashInput(shape);
  session.Run(kernels::PicturesNhwc(pixels.data(), 3, h, w));
  std::vector<float> logits(session.OutputSize("logits"));
  session.CopyOutput("logits", logits);
  return logits;
}

TEST(PackedCache, GivesTheLogitsOfPackingToTheLastBit) {
  for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kF16}) {
    const test::TempFolder folder;
    const auto files = [&] { return std::distance(fs::directory_iterator(folder.path()), {}); };
    const PlanOptions kept = {.precision = precision, .packed_folder = folder.path()};
    int networks = 0;
    for (const Graph& graph :
         {Network(), Network(16, 1e-3), Network(16, 1e-5, 0.25f)}) {  // each has a file of its own
      const std::vector<float> expected = Logits(graph, {.precision = precision});
      EXPECT_EQ(Logits(graph, kept), expected);
      EXPECT_EQ(Logits(graph, kept), expected);
      EXPECT_EQ(files(), ++networks);
    }
    EXPECT_EQ(Logits(Network(32), kept), Logits(Network(32), {.precision = precision}));
    EXPECT_EQ(files(), networks);
  }
}

TEST(PackedCache, IsKeptByInstructionSetAndPrecision) {
  const TensorMap weights = Network().weights;
  const IsaSet host = HostIsa();
  const Hash hash = PackedNetwork(weights, host, "fp32", nullptr);
  EXPECT_EQ(PackedNetwork(weights, host, "fp32", nullptr), hash);
  EXPECT_NE(PackedNetwork(weights, host, "bf16", nullptr), hash);
  EXPECT_NE(PackedNetwork(weights, IsaSet(), "fp32", nullptr), hash);
}

TEST(PackedCache, SaysWhyItCannotBeWritten) {
  const test::TempFolder folder;
  const std::string in_the_way = folder.Put("file", "x");
  std::string told;
  const auto logits = Logits(Network(), {.packed_folder = in_the_way,
                                         .on_unwritten = [&](const Error& e) { told = e.what(); }});
  EXPECT_EQ(logits, Logits(Network(), {}));
  EXPECT_THAT(told, testing::HasSubstr("cannot write"));
}

}  // namespace
}  // namespace mnv4::runtime
