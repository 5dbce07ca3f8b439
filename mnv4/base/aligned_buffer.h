#pragma once
/// Memory for kernels: aligned to a cache line, zeroed once, never grown.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace mnv4 {

inline constexpr size_t kCacheLine = 64;  ///< bytes

inline constexpr size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Owns `size` bytes at a multiple of 64, followed by 64 readable bytes (kernels may read whole
/// vectors past the end). All zero at first.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) : size_(size) {
    const size_t bytes = RoundUp(size, kCacheLine) + kCacheLine;
    data_.reset(static_cast<std::byte*>(std::aligned_alloc(kCacheLine, bytes)));
    if (data_ == nullptr) throw std::bad_alloc();
    std::memset(data_.get(), 0, bytes);
  }

  std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

}  // namespace mnv4
