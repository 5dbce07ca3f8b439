#include "mnv4/cli/inputs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

class ExpandInputsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    for (const char* name : {"b/2.JPG", "b/10.jpg", "a/x.png", "c.jpeg", "notes.txt", "[1].jpg"}) {
      fs::create_directories((root_ / name).parent_path());
      std::ofstream(root_ / name) << name;
    }
  }
  std::string At(const std::string& name) const { return (root_ / name).string(); }

  fs::path root_;
};

TEST_F(ExpandInputsTest, TakesAFolderAndAllBelowItSorted) {
  EXPECT_EQ(ExpandInputs({root_.string()}),
            Paths({At("[1].jpg"), At("a/x.png"), At("b/10.jpg"), At("b/2.JPG"), At("c.jpeg")}));
}

TEST_F(ExpandInputsTest, KeepsFilesAsNamedAndInOrder) {
  EXPECT_EQ(ExpandInputs({At("notes.txt"), At("c.jpeg"), At("c.jpeg")}),
            Paths({At("notes.txt"), At("c.jpeg"), At("c.jpeg")}));
}

TEST_F(ExpandInputsTest, KeepsWhatDoesNotExistToBeReportedLater) {
  EXPECT_EQ(ExpandInputs({At("missing.jpg")}), Paths({At("missing.jpg")}));
}

TEST_F(ExpandInputsTest, ExpandsPatternsToFilesAndFolders) {
  EXPECT_EQ(ExpandInputs({At("[bc]*")}), Paths({At("b/10.jpg"), At("b/2.JPG"), At("c.jpeg")}));
}

TEST_F(ExpandInputsTest, PrefersAFileToThePatternItsNameIs) {
  EXPECT_EQ(ExpandInputs({At("[1].jpg")}), Paths({At("[1].jpg")}));
}

TEST_F(ExpandInputsTest, RefusesPatternsAndFoldersWithoutPictures) {
  fs::create_directories(root_ / "empty");
  EXPECT_THROW(ExpandInputs({At("*.webp")}), Error);
  EXPECT_THROW(ExpandInputs({At("empty")}), Error);
}

TEST_F(ExpandInputsTest, TakesListsByLineOrByNul) {
  const auto list = [&](const std::string& text) {
    std::ofstream(root_ / "list") << text;
    return ExpandList(At("list"));
  };
  EXPECT_EQ(list("x.jpg\r\n\n*.jpg\n" + At("b")),
            Paths({"x.jpg", "*.jpg", At("b/10.jpg"), At("b/2.JPG")}));
  EXPECT_EQ(list(std::string("a\nb.jpg\0c.jpg\0", 14)), Paths({"a\nb.jpg", "c.jpg"}));
  EXPECT_THROW(list("\x89PNG\r\n\x1a\n"), Error);
}

}  // namespace
}  // namespace mnv4::cli
