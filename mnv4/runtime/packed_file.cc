#include "mnv4/runtime/packed_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/io/file.h"
#include "packing_version.h"

namespace mnv4::runtime {
namespace {

namespace fs = std::filesystem;

struct Header {
  Hash checksum = {};  // of what follows it, parts included
  char magic[8] = {'m', 'n', 'v', '4', 'p', 'a', 'c', 'k'};
  uint64_t parts = 0;
  Hash build = HashOf(MNV4_PACKING_VERSION);
  Hash network;
};
struct Part {
  Hash key, checksum;
  uint64_t offset, size;  // bytes, from the start of the file
};
static_assert(sizeof(Header) == 64 && sizeof(Part) == 48);  // no gaps that nobody writes

std::span<const std::byte> WithRoom(std::span<const std::byte> weight) {
  return {weight.data(), PackedRoom(weight.size())};
}

// Each by one thread of the pool, if there is one.
std::vector<Hash> HashesOf(const std::vector<std::span<const std::byte>>& all, ThreadPool* pool) {
  std::vector<Hash> hashes(all.size());
  std::atomic<size_t> next = 0;
  auto take_some = [&](size_t, int) {
    for (size_t i = next++; i < all.size(); i = next++) hashes[i] = HashOf(all[i]);
  };
  if (pool != nullptr) {
    pool->RunSteps(1, take_some);
  } else {
    take_some(0, 0);
  }
  return hashes;
}

// One that is still being written fails for its writer, which goes on without.
void RemoveUnfinished(const fs::path& path) {
  std::error_code error, ignored;
  fs::directory_iterator it(path.parent_path(), error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(path.filename().string()) && name.ends_with(".part")) {
      fs::remove(it->path(), ignored);
    }
  }
}

}  // namespace

Hash PackedNetwork(const TensorMap& weights, IsaSet isa, const char* precision, ThreadPool* pool) {
  std::vector<std::span<const std::byte>> bytes;
  for (const auto& [name, tensor] : weights) bytes.push_back(tensor.bytes);
  const std::vector<Hash> hashes = HashesOf(bytes, pool);
  std::string text = fmt::format("{} {}\n", ToString(isa), precision);
  auto hash = hashes.begin();
  for (const auto& [name, tensor] : weights) {
    text += fmt::format("{} {} {} {}\n", name, Name(tensor.type.dtype), ToString(tensor.type.shape),
                        ToString(*hash++));
  }
  return HashOf(text);
}

std::string PackedFolder() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  if (const std::string home = variable("MNV4_HOME"); !home.empty()) return home + "/packed";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/mnv4/packed";
  }
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/mnv4/packed";
  return "";
}

std::string PackedPath(const std::string& folder, const Hash& network) {
  return fmt::format("{}/{}.packed", folder, ToString(network));
}

size_t PackedRoom(size_t size) { return RoundUp(size, kCacheLine) + kCacheLine; }

std::map<Hash, std::span<const std::byte>> ReadPacked(std::span<const std::byte> file,
                                                      const Hash& network, ThreadPool* pool) {
  Header header;
  const Header expected{.network = network};
  if (file.size() < sizeof header) return {};
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.magic, expected.magic, sizeof header.magic) != 0 ||
      header.build != expected.build || header.network != expected.network ||
      header.parts > (file.size() - sizeof header) / sizeof(Part)) {
    return {};
  }
  std::vector<Part> parts(header.parts);
  const std::span<const std::byte> described =
      file.first(sizeof header + parts.size() * sizeof(Part));
  if (header.checksum != HashOf(described.subspan(sizeof header.checksum))) return {};
  std::memcpy(parts.data(), file.data() + sizeof header, parts.size() * sizeof(Part));

  std::vector<std::span<const std::byte>> weights;
  for (const Part& part : parts) {
    const bool inside = part.offset <= file.size() && part.size <= file.size() &&
                        PackedRoom(part.size) <= file.size() - part.offset;
    if (!inside || part.offset % kCacheLine != 0) return {};
    weights.push_back(file.subspan(part.offset, PackedRoom(part.size)));
  }
  const std::vector<Hash> hashes = HashesOf(weights, pool);
  std::map<Hash, std::span<const std::byte>> whole;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (hashes[i] == parts[i].checksum) whole[parts[i].key] = weights[i].first(parts[i].size);
  }
  return whole;
}

void WritePacked(const std::string& path, const Hash& network,
                 const std::vector<std::pair<Hash, std::span<const std::byte>>>& weights) {
  std::error_code ignored;  // what is wrong with the folder is said when the file is made
  fs::create_directories(fs::path(path).parent_path(), ignored);
  RemoveUnfinished(path);
  AtomicFile out(path);

  Header header{.parts = weights.size(), .network = network};
  std::vector<Part> parts;
  const size_t described = sizeof header + weights.size() * sizeof(Part);
  std::vector<std::byte> start(RoundUp(described, kCacheLine));
  size_t offset = start.size();
  for (const auto& [key, weight] : weights) {
    parts.push_back({key, HashOf(WithRoom(weight)), offset, weight.size()});
    offset += PackedRoom(weight.size());
  }
  std::memcpy(start.data() + sizeof header, parts.data(), parts.size() * sizeof(Part));
  std::memcpy(start.data(), &header, sizeof header);
  header.checksum = HashOf(std::span(start).first(described).subspan(sizeof header.checksum));
  std::memcpy(start.data(), &header, sizeof header);

  // Huge page by huge page: file systems that can (ext4 of Linux 6.16) then keep and map them as
  // such, and runs on the file are as fast as on memory.
  const AlignedBuffer page(2 << 20);
  size_t used = 0;
  const auto write = [&](std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const size_t taken = std::min(bytes.size(), page.size() - used);
      std::memcpy(page.data() + used, bytes.data(), taken);
      bytes = bytes.subspan(taken);
      used += taken;
      if (used == page.size()) out.Write({page.data(), std::exchange(used, 0)});
    }
  };
  write(start);
  for (const auto& [key, weight] : weights) write(WithRoom(weight));
  out.Write({page.data(), used});
  out.Commit(AtomicFile::Sync::kNo);  // what a crash leaves, the checksums tell
}

}  // namespace mnv4::runtime
