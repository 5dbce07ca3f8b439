#include "tests/fuzz/targets.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/data/webdataset.h"
#include "mnv4/image/preprocess.h"
#include "mnv4/image/reader.h"
#include "mnv4/image/window.h"
#include "mnv4/io/json.h"
#include "mnv4/io/npy.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/model/config.h"
#ifdef MNV4_RECIPES
#include "mnv4/recipe/recipe.h"
#endif

namespace mnv4::fuzz {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The middle of a picture, as training decodes it; what is broken elsewhere may go unnoticed.
void RunWindow(const PictureFormat& format, Bytes bytes, int64_t max_pixels) {
  try {
    const auto reader = format.open(bytes, max_pixels);
    const Turn turn = TurnOf(reader->orientation());
    int width = reader->width(), height = reader->height();
    if (turn.transpose) std::swap(width, height);
    const Window middle{width / 4, height / 4, (width + 1) / 2, (height + 1) / 2};
    const Image image = ReadWindow(*reader, turn, middle, 3);
    MNV4_CHECK(image.width == middle.width && image.height == middle.height);
  } catch (const Error&) {
  }
}

// One format alone, so that each has its own corpus. Few pixels: it is the parser that is tried.
void RunPicture(const PictureFormat& format, Bytes bytes) {
  constexpr int64_t kMaxPixels = 1 << 16;
  if (!format.matches(bytes)) return;
  RunWindow(format, bytes, kMaxPixels);
  const Image image = Decode(bytes, {.channels = 1, .max_pixels = kMaxPixels});
  MNV4_CHECK(image.pixels.size() == size_t{1} * image.width * image.height);
}

size_t SizeBytes(const TensorType& type) {
  return static_cast<size_t>(NumElements(type.shape)) * SizeOf(type.dtype);
}

void RunSafeTensors(Bytes bytes) {
  for (const auto& [name, tensor] : ParseSafeTensors(bytes, "x.safetensors", nullptr).tensors) {
    MNV4_CHECK(tensor.bytes.size() == SizeBytes(tensor.type));
  }
}

void RunNpy(Bytes bytes) {
  const Tensor tensor = ParseNpy(bytes, "x.npy", nullptr);
  MNV4_CHECK(tensor.bytes.size() == SizeBytes(tensor.type));
  std::string again = NpyHeader(tensor.type, "again.npy");
  again.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  MNV4_CHECK(ParseNpy(std::as_bytes(std::span(again)), "again.npy", nullptr).type == tensor.type);
}

void RunJson(Bytes bytes) {
  const Json json = ParseJson(AsText(bytes), "x.json");
  if (const auto* object = json.As<Json::Object>()) {
    for (const JsonMember& member : *object) MNV4_CHECK(json.Find(member.key) == &member.value);
  }
  MNV4_CHECK(ParseJson(ToString(json), "printed.json") == json);
}

void RunNetwork(Bytes bytes) {
  const NetworkSpec spec = ParseNetwork(AsText(bytes));
  MNV4_CHECK(ParseNetwork(Print(spec)) == spec);
}

// By itself, with the network it describes, and with one that it may contradict.
void RunConfig(Bytes bytes) {
  const model::Model model = model::ParseConfig(AsText(bytes), "config.json", {});
  MNV4_CHECK(model::ParseConfig(AsText(bytes), "config.json", model.spec).spec == model.spec);
  model::ParseConfig(AsText(bytes), "config.json", FindArchitecture("mobilenetv4_conv_small"));
}

#ifdef MNV4_RECIPES
void RunRecipe(Bytes bytes) {
  const recipe::Recipe recipe = recipe::ParseRecipe(AsText(bytes), "x.yaml");
  MNV4_CHECK(recipe::ParseRecipe(recipe::Print(recipe), "printed.yaml") == recipe);
  recipe::Check(recipe);
  recipe::TimingOf(recipe, 1000);
}
#endif

void RunTar(Bytes bytes) {
  const data::ClassMap classes(10);
  data::ShardReader reader(data::TarReader(bytes, "x.tar"), classes);
  while (reader.Next()) {
  }
}

// Where the pictures of a shard are, without reading them: what training's index is made of.
void RunShardIndex(Bytes bytes) {
  const data::ClassMap classes(10);
  data::ShardReader reader(data::TarReader(bytes, "x.tar"), classes);
  data::TarPlace place;
  while (const auto sample = reader.NextPlace(place)) {
    MNV4_CHECK(sample->bytes.empty() && place.offset >= 512 && place.size >= 0);
    const auto size = static_cast<int64_t>(bytes.size());
    if (place.offset > size || place.size > size - place.offset) continue;
    Bytes picture = bytes.subspan(place.offset, place.size);
    MNV4_CHECK(picture.size() == static_cast<size_t>(place.size));
  }
}

constexpr Target kTargets[] = {
    {"bmp", [](Bytes bytes) { RunPicture(kBmpFormat, bytes); }},
    {"config", RunConfig},
    {"gif", [](Bytes bytes) { RunPicture(kGifFormat, bytes); }},
    {"jpeg", [](Bytes bytes) { RunPicture(kJpegFormat, bytes); }},
    {"json", RunJson},
    {"network", RunNetwork},
    {"npy", RunNpy},
    {"png", [](Bytes bytes) { RunPicture(kPngFormat, bytes); }},
    {"pnm", [](Bytes bytes) { RunPicture(kPnmFormat, bytes); }},
#ifdef MNV4_RECIPES
    {"recipe", RunRecipe},
#endif
    {"safetensors", RunSafeTensors},
    {"shard_index", RunShardIndex},
    {"tar", RunTar},
    {"tiff", [](Bytes bytes) { RunPicture(kTiffFormat, bytes); }},
    {"webp", [](Bytes bytes) { RunPicture(kWebPFormat, bytes); }},
};

}  // namespace

std::span<const Target> Targets() { return kTargets; }

const Target* FindTarget(const char* name) {
  for (const Target& target : kTargets) {
    if (std::strcmp(target.name, name) == 0) return &target;
  }
  return nullptr;
}

void RunTarget(const Target& target, Bytes bytes) {
  try {
    target.run(bytes);
  } catch (const Error&) {
  }
}

}  // namespace mnv4::fuzz
