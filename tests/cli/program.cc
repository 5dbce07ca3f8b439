#include "program.h"

#include <fmt/format.h>
#include <spng.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "mnv4/model/model.h"

namespace mnv4 {
namespace {

namespace fs = std::filesystem;

std::string Contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

void ProgramTest::SetUp() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = fs::path(testing::TempDir()) /
            fmt::format("mnv4-{}-{}-{}", test->test_suite_name(), test->name(), getpid());
  fs::remove_all(folder_);
  fs::create_directories(folder_);
}

void ProgramTest::TearDown() {
  for (const char* ending : {"", ".run.out", ".run.err"}) {
    fs::remove_all(folder_.string() + ending);
  }
}

Outcome ProgramTest::Run(const std::string& command) const {
  const fs::path base = folder_.string() + ".run";
  const std::string line = fmt::format(
      "cd '{}' && export PATH='{}':\"$PATH\" && {{ {}\n}} >'{}.out' 2>'{}.err' </dev/null",
      folder_.string(), fs::path(MNV4_PROGRAM).parent_path().string(), command, base.string(),
      base.string());
  const int status = std::system(line.c_str());
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = Contents(base.string() + ".out");
  outcome.err = Contents(base.string() + ".err");
  return outcome;
}

Json ProgramTest::RunJson(const std::string& command) const {
  const Outcome outcome = Run(command);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  try {
    return ParseJson(outcome.out, command);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
    return {};
  }
}

void ProgramTest::WriteText(const std::string& name, const std::string& text) const {
  fs::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

void ProgramTest::WritePicture(const std::string& name, int seed) const {
  constexpr int kWidth = 50, kHeight = 40;
  std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * 3);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(i < pixels.size() / 2 ? 90 * seed : 200 - 40 * seed);
  }
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(SPNG_CTX_ENCODER),
                                                           spng_ctx_free);
  spng_ihdr header = {};
  header.width = kWidth;
  header.height = kHeight;
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(png.get(), &header);
  spng_set_option(png.get(), SPNG_ENCODE_TO_BUFFER, 1);
  ASSERT_EQ(spng_encode_image(png.get(), pixels.data(), pixels.size(), SPNG_FMT_PNG,
                              SPNG_ENCODE_FINALIZE),
            0);
  size_t size = 0;
  int error = 0;
  char* bytes = static_cast<char*>(spng_get_png_buffer(png.get(), &size, &error));
  ASSERT_EQ(error, 0);
  WriteText(name, std::string(bytes, size));
  std::free(bytes);
}

void ProgramTest::WriteModel() const {
  model::Model model = model::Load("conv_small_035", {.num_classes = 10, .img_size = 64});
  for (int i = 0; i < 9; ++i) model.labels.push_back(fmt::format("class {}", i));
  model.labels.push_back("cat");
  model::SaveFile(model, Path("small.safetensors"));
}

const Json& Member(const Json& object, const std::string& key) {
  static const Json kNull;
  const Json* member = object.Find(key);
  return member == nullptr ? kNull : *member;
}

}  // namespace mnv4
