#pragma once
/// The parsers that get bytes from strangers. tests/fuzz/README.md says how to add one.

#include <cstddef>
#include <span>

namespace mnv4::fuzz {

struct Target {
  const char* name;  ///< of its folder under corpus/, and of the program fuzz_NAME
  /// May throw Error, nothing else; everything that was read must be usable.
  void (*run)(std::span<const std::byte> bytes);
};

std::span<const Target> Targets();
/// Null if there is none of this name.
const Target* FindTarget(const char* name);
/// Runs it; an Error is an answer.
void RunTarget(const Target& target, std::span<const std::byte> bytes);

}  // namespace mnv4::fuzz
