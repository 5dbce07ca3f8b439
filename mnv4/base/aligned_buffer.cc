#include "mnv4/base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace mnv4 {
namespace {

constexpr size_t kHugePage = 2 << 20;

// `bytes` of zeros that begin at a huge page: more address space is asked for, and the ends of it
// are given back.
std::byte* MapHuge(size_t bytes) {
  const size_t asked = bytes + kHugePage;
  void* const mapped =
      mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(mapped);
  const size_t before =
      RoundUp(reinterpret_cast<uintptr_t>(begin), kHugePage) - reinterpret_cast<uintptr_t>(begin);
  if (before > 0) munmap(begin, before);
  if (before < kHugePage) munmap(begin + before + bytes, kHugePage - before);
  madvise(begin + before, bytes, MADV_HUGEPAGE);  // a wish: without them, pages are small
  return begin + before;
}

}  // namespace

AlignedBuffer::AlignedBuffer(size_t size) : size_(size) {
  const size_t bytes = RoundUp(size, kCacheLine) + kCacheLine;
  if (bytes >= kHugePage) {
    const size_t mapped = RoundUp(bytes, kHugePage);
    data_ = {MapHuge(mapped), Free(mapped)};
    return;
  }
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(kCacheLine, bytes)));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_.get(), 0, bytes);
}

void AlignedBuffer::Free::operator()(std::byte* data) const {
  if (mapped > 0) {
    munmap(data, mapped);
  } else {
    std::free(data);
  }
}

}  // namespace mnv4
