// Models meant to do harm: each is refused with one line that names the file and what is wrong.

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>

#include "mnv4/io/safetensors.h"
#include "mnv4/io/testing.h"
#include "mnv4/model/config.h"
#include "mnv4/model/model.h"
#include "mnv4/model/testing.h"

namespace mnv4::model {
namespace {

using mnv4::test::Bytes;
using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

Tensor Integers(Shape shape) {
  auto owner = std::make_shared<std::vector<int32_t>>(NumElements(shape));
  return {{DType::kI32, std::move(shape)}, std::as_bytes(std::span(*owner)), owner};
}

Tensor Zeros(const Shape& shape) {
  return MakeTensor(shape, std::vector<float>(static_cast<size_t>(NumElements(shape))));
}

std::string TinyFile(const std::function<void(SafeTensors&)>& change = [](SafeTensors&) {}) {
  TempFolder folder;
  SaveFile(test::TinyModel(), folder / "m");
  SafeTensors file = ReadSafeTensors(folder / "m");
  change(file);
  WriteSafeTensors(folder / "m", file);
  return ReadTextFile(folder / "m", 4 << 20);
}

Model LoadBytes(const std::string& file) { return LoadFromMemory(Bytes(file), "m.safetensors"); }

TEST(HostileModel, TensorsThatDoNotFitAreListed) {
  const auto error = [](const std::function<void(SafeTensors&)>& change) {
    const std::string file = TinyFile(change);
    return MessageOf([&] { LoadBytes(file); });
  };
  EXPECT_EQ(error([](SafeTensors&) {}), "");
  EXPECT_THAT(error([](SafeTensors& f) { f.tensors.erase("bn1.bias"); }),
              AllOf(HasSubstr("m.safetensors: "), HasSubstr("bn1.bias [8] is missing")));
  EXPECT_THAT(error([](SafeTensors& f) { f.tensors["head.bias"] = Zeros({3}); }),
              HasSubstr("head.bias [3] is not part of it"));
  EXPECT_THAT(error([](SafeTensors& f) { f.tensors["bn1.bias"] = Zeros({9}); }),
              HasSubstr("bn1.bias is [9], expected [8]"));
  EXPECT_THAT(error([](SafeTensors& f) { f.tensors["bn1.bias"] = Integers({8}); }),
              HasSubstr("bn1.bias is I32, expected floats"));
  EXPECT_THAT(error([](SafeTensors& f) {
                f.tensors["conv_stem.weight"] = Zeros({8, 1, 3, 3});
              }),
              HasSubstr("conv_stem.weight is [8, 1, 3, 3], expected [8, 3, 3, 3]"));
  EXPECT_THAT(error([](SafeTensors& f) {
                for (int i = 0; i < 100; ++i) f.tensors["x" + std::to_string(i)] = Zeros({1});
              }),
              HasSubstr("and 90 more"));
  EXPECT_THAT(error([](SafeTensors& f) { f.tensors.clear(); }), HasSubstr("is missing"));
}

TEST(HostileModel, MetadataThatLiesIsRefused) {
  const auto error = [](const char* key, const std::string& value) {
    const std::string file = TinyFile([&](SafeTensors& f) { f.metadata[key] = value; });
    return MessageOf([&] { LoadBytes(file); });
  };
  EXPECT_THAT(error("config", "{\"a\": 1, \"a\": 2}"),
              HasSubstr("m.safetensors: config: the key 'a' is there twice"));
  EXPECT_THAT(error("config", R"({"num_classes": 5})"),
              HasSubstr("m.safetensors: config: the net"));
  EXPECT_THAT(error("config", R"({"pretrained_cfg": {"std": [0]}})"),
              HasSubstr("m.safetensors: config: pretrained_cfg.std[0]: 0, expected"));
  EXPECT_THAT(error("network", ""), HasSubstr("m.safetensors: network: "));
  EXPECT_THAT(error("network", "network tiny\nstage\n  uib 3/5 o99999999999\n"),
              HasSubstr("m.safetensors: network: "));
  EXPECT_THAT(error("network", std::string(1 << 20, 'n')), HasSubstr("m.safetensors: network: "));
}

// {what, how the folder is spoiled, expected text}
struct Spoiled {
  const char* name;
  std::function<void(const TempFolder&)> spoil;
  const char* expected;
};

TEST(HostileModel, SpoiledFoldersAreRefused) {
  const auto replace_by_folder = [](const TempFolder& folder, const char* file) {
    fs::remove(folder / file);
    fs::create_directory(folder / file);
  };
  const Spoiled cases[] = {
      {"directory as config", [&](auto& f) { replace_by_folder(f, "config.json"); },
       "config.json: is a directory, expected a file"},
      {"directory as weights", [&](auto& f) { replace_by_folder(f, "model.safetensors"); },
       "model.safetensors: is a directory, expected a file"},
      {"directory as network", [&](auto& f) { replace_by_folder(f, "network.txt"); },
       "network.txt: is a directory, expected a file"},
      {"empty config", [](auto& f) { f.Put("config.json", ""); }, "config.json: is empty"},
      {"empty weights", [](auto& f) { f.Put("model.safetensors", ""); },
       "model.safetensors: is empty"},
      {"empty network", [](auto& f) { f.Put("network.txt", ""); }, "network.txt: is empty"},
      {"no config",
       [](auto& f) {
         fs::remove(f / "config.json");
         fs::remove(f / "network.txt");
       },
       "model.safetensors: no configuration in it and no config.json beside it"},
      {"dangling link",
       [](auto& f) {
         fs::remove(f / "model.safetensors");
         fs::create_symlink("/no/such/blob", f / "model.safetensors");
       },
       "no model.safetensors in this folder"},
      {"huge config", [](auto& f) { f.Put("config.json", std::string((16 << 20) + 1, ' ')); },
       "config.json: more than 16777216 bytes"},
      {"binary config",
       [](auto& f) {
         f.Put("config.json", std::string("\x7f"
                                          "ELF\0\0",
                                          6));
       },
       "config.json: line 1, column"},
      {"text as weights", [](auto& f) { f.Put("model.safetensors", "version https://git-lfs"); },
       "model.safetensors: a header of"},
      {"cut weights", [](auto& f) { fs::resize_file(f / "model.safetensors", 3000); },
       "model.safetensors"},
      {"absurd widths",
       [](auto& f) {
         f.Put("network.txt", "network tiny family=mobilenetv4\nstage\n  conv k1 o2000000000\n");
       },
       "network.txt: "},
  };
  for (const Spoiled& spoiled : cases) {
    TempFolder folder;
    SaveFolder(test::TinyModel(), folder.path());
    spoiled.spoil(folder);
    EXPECT_THAT(MessageOf([&] { Load(folder.path()); }), HasSubstr(spoiled.expected))
        << spoiled.name;
  }
}

TEST(HostileModel, SingleFilesThatAreNone) {
  TempFolder folder;
  EXPECT_THAT(MessageOf([&] { Load(folder.Put("e.safetensors", "")); }),
              HasSubstr("e.safetensors: is empty"));
  EXPECT_THAT(MessageOf([&] { Load(folder.Put("e.txt", "")); }), HasSubstr("e.txt: is empty"));
  EXPECT_THAT(MessageOf([&] { Load(folder.Put("e.txt", "hello\n")); }), HasSubstr("e.txt: "));
  EXPECT_THAT(MessageOf([&] { Load(folder.Put("e.dat", std::string(20, '\0'))); }),
              HasSubstr("e.dat: the header does not begin"));
}

TEST(HostileModel, SurvivesDamageOfTheHeader) {
  const std::string file = TinyFile();
  const size_t header = static_cast<uint8_t>(file[0]) | static_cast<uint8_t>(file[1]) << 8;
  const auto load = [](const std::string& damaged) { LoadBytes(damaged); };
  for (size_t size = 0; size < file.size(); size += 7) {
    const std::string cut = file.substr(0, size);
    EXPECT_NE(MessageOf([&] { load(cut); }), "") << size;
  }
  // The header is changed in place, so that its length stays true.
  const std::string data = file.substr(8 + header);
  mnv4::test::ExpectErrorOrSuccessOnMutations(file.substr(8, header), 1'000, [&](std::string text) {
    text.resize(header, ' ');
    load(file.substr(0, 8) + text + data);
  });
}

TEST(HostileModel, SurvivesDamageOfTheNetworkText) {
  const Model tiny = test::TinyModel();
  mnv4::test::ExpectErrorOrSuccessOnMutations(
      Print(tiny.spec), 2'000, [&](const std::string& text) {
        Model damaged = ParseConfig("{}", "config.json", ParseNetwork(text));
        damaged.weights = tiny.weights;
        damaged.GraphFor(1, 32, 32);
      });
}

}  // namespace
}  // namespace mnv4::model
