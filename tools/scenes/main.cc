// mnv4-scenes: pictures of known objects on varied grounds, for training and testing classifiers.

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "codec.h"
#include "scene.h"

namespace mnv4::scenes {
namespace {

constexpr const char* kUsage =
    "usage: mnv4-scenes --raw | --out DIR [options]\n"
    "  --raw             stream records to stdout: label (uint16, little endian), then\n"
    "                    size x size x 3 bytes of RGB; scenes composed larger are shrunk\n"
    "  --out DIR         write DIR/LABEL/INDEX.jpg, as composed (1 to 2.5 times --size), and\n"
    "                    DIR/labels.txt, one label a line in class order\n"
    "  --split S         train or heldout (default heldout)\n"
    "  --size N          side in pixels (default 128)\n"
    "  --start N         first index (default 0)\n"
    "  --stride N        step between indices (default 1)\n"
    "  --count N         how many scenes (default 1000)\n"
    "  --seed N          (default 1)\n"
    "  --classes FILE    class table (default tools/scenes/classes.txt)\n"
    "  --grounds FILE    table of photographs (default tools/scenes/grounds.txt)\n"
    "  --stamps DIR      default /usr/share/tuxpaint/stamps\n"
    "  --photos DIR      default /usr/share/backgrounds\n";

struct Options {
  AssetPaths paths;
  bool raw = false;
  std::string out;
  Split split = Split::kHeldout;
  uint64_t size = 128, start = 0, stride = 1, count = 1000, seed = 1;
};

uint64_t ParseNumber(std::string_view flag, std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument(std::string(flag) + ": \"" + std::string(text) +
                                "\" is not a whole number");
  }
  return value;
}

Options ParseOptions(int argc, char** argv) {
  Options o;
  const auto set = [&o](std::string_view flag, const std::string& value) {
    if (flag == "--out") return void(o.out = value);
    if (flag == "--classes") return void(o.paths.classes = value);
    if (flag == "--grounds") return void(o.paths.grounds = value);
    if (flag == "--stamps") return void(o.paths.stamps = value);
    if (flag == "--photos") return void(o.paths.photos = value);
    if (flag == "--size") return void(o.size = ParseNumber(flag, value));
    if (flag == "--start") return void(o.start = ParseNumber(flag, value));
    if (flag == "--stride") return void(o.stride = ParseNumber(flag, value));
    if (flag == "--count") return void(o.count = ParseNumber(flag, value));
    if (flag == "--seed") return void(o.seed = ParseNumber(flag, value));
    if (flag == "--split" && (value == "train" || value == "heldout")) {
      return void(o.split = value == "train" ? Split::kTrain : Split::kHeldout);
    }
    throw std::invalid_argument(std::string(flag) + " " + value + ": unknown flag or value");
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--raw") {
      o.raw = true;
    } else if (i + 1 < argc) {
      set(flag, argv[++i]);
    } else {
      throw std::invalid_argument(std::string(flag) + ": unknown flag, or its value is missing");
    }
  }
  if (o.raw != o.out.empty()) throw std::invalid_argument("give one of --raw and --out DIR");
  if (o.size < 16 || o.size > 2048) throw std::invalid_argument("--size: expected 16 to 2048");
  return o;
}

// False when nobody reads any more, which is how a consumer ends an endless stream.
bool WriteRaw(const Scene& scene, int size) {
  const Rgb picture = Downscale(DecodeJpeg(scene.jpeg), size);
  const unsigned char label[2] = {static_cast<unsigned char>(scene.label & 255),
                                  static_cast<unsigned char>(scene.label >> 8)};
  return std::fwrite(label, 1, 2, stdout) == 2 &&
         std::fwrite(picture.bytes.data(), 1, picture.bytes.size(), stdout) == picture.bytes.size();
}

void WriteFile(const std::filesystem::path& path, const void* data, size_t size) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  if (!file) throw std::runtime_error(path.string() + ": cannot be written");
}

int Run(const Options& o) {
  const Assets assets = LoadAssets(o.paths, o.split);
  const std::filesystem::path out = o.out;
  if (!o.raw) {
    std::string labels;
    for (const std::string& label : assets.labels) labels += label + "\n";
    WriteFile(out / "labels.txt", labels.data(), labels.size());
  }
  for (uint64_t i = 0; i < o.count; ++i) {
    const uint64_t index = o.start + i * o.stride;
    const Scene scene = MakeScene(assets, o.seed, o.split, index, static_cast<int>(o.size));
    if (o.raw) {
      if (!WriteRaw(scene, static_cast<int>(o.size))) return 0;
      continue;
    }
    std::string name = std::to_string(index);
    name.insert(0, name.size() < 6 ? 6 - name.size() : 0, '0');
    const std::string& label = assets.labels[static_cast<size_t>(scene.label)];
    WriteFile(out / label / (name + ".jpg"), scene.jpeg.data(), scene.jpeg.size());
  }
  return 0;
}

}  // namespace
}  // namespace mnv4::scenes

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(mnv4::scenes::kUsage, stdout);
    return 0;
  }
  try {
    return mnv4::scenes::Run(mnv4::scenes::ParseOptions(argc, argv));
  } catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "mnv4-scenes: %s\n%s", e.what(), mnv4::scenes::kUsage);
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mnv4-scenes: %s\n", e.what());
    return 1;
  }
}
