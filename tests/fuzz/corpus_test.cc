// The stored corpora, without a fuzzer: whole, and cut after every byte where they are short.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace mnv4::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(MNV4_SOURCE_DIR) / "tests/fuzz/corpus";

// Cut inputs are copied, so that the address sanitizer sees a read past their end.
void RunCopy(const Target& target, const std::string& text, size_t size) {
  const std::vector<char> copy(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
  RunTarget(target, std::as_bytes(std::span(copy)));
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, IsReadOrRefused) {
  constexpr size_t kShort = 600;  // bytes; longer files are cut at as many places
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kCorpus / GetParam().name)) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    RunCopy(GetParam(), text, text.size());
    const size_t step = text.size() / kShort + 1;
    for (size_t size = 0; size < text.size(); size += step) RunCopy(GetParam(), text, size);
    ++files;
  }
  EXPECT_GT(files, 0);
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, testing::ValuesIn(Targets().begin(), Targets().end()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Corpora, HaveTargets) {
  std::set<std::string> folders, targets;
  for (const auto& entry : fs::directory_iterator(kCorpus)) folders.insert(entry.path().filename());
#ifndef MNV4_RECIPES
  folders.erase("recipe");
#endif
  for (const Target& target : Targets()) targets.insert(target.name);
  EXPECT_EQ(folders, targets);
}

}  // namespace
}  // namespace mnv4::fuzz
