#pragma once
/// Packed weights on disk:
///     header    64 bytes: Header (packed_file.cc)
///     parts     48 bytes each: key, checksum, offset and size in bytes
///     weights   each at a multiple of 64 bytes, with room behind it that kernels may read
/// A file that is damaged, of another build or of another network is as good as none.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/base/hash.h"
#include "mnv4/base/isa.h"
#include "mnv4/base/tensor.h"
#include "mnv4/base/thread_pool.h"

namespace mnv4::runtime {

/// What the bytes of all packed weights depend on, but for the build of the program: the weights of
/// a graph when it is lowered, and what they are packed for. Reads them all, on the threads of
/// `pool` if there is one.
Hash PackedNetwork(const TensorMap& weights, IsaSet isa, const char* precision, ThreadPool* pool);

/// $MNV4_HOME/packed, else $XDG_CACHE_HOME/mnv4/packed, else ~/.cache/mnv4/packed; "" without any.
std::string PackedFolder();
/// The file of a network, whatever the build: an older one's is replaced.
std::string PackedPath(const std::string& folder, const Hash& network);

/// Bytes that a packed weight of `size` takes, the zeros behind it included.
size_t PackedRoom(size_t size);

/// The undamaged weights of a file with these bytes, by the hashes of their keys; none if it is
/// not of this build and network. Reads all of it, as above.
std::map<Hash, std::span<const std::byte>> ReadPacked(std::span<const std::byte> file,
                                                      const Hash& network, ThreadPool* pool);

/// Writes beside `path` and renames; makes the folder, and removes what writers that were killed
/// have left. `weights`, by the hashes of their keys, have their room behind them. Throws
/// Error(kRuntime).
void WritePacked(const std::string& path, const Hash& network,
                 const std::vector<std::pair<Hash, std::span<const std::byte>>>& weights);

}  // namespace mnv4::runtime
