#pragma once
/// The one exception type of the project, and the codes it carries.

#include <stdexcept>
#include <string>

/// Marks what libmnv4.so shows to other programs; everything else in it is hidden.
#define MNV4_API __attribute__((visibility("default")))

namespace mnv4 {

/// What kind of thing went wrong. The value is the exit code of the `mnv4` program.
enum class ErrorCode : int {
  kRuntime = 1,          ///< a picture that does not decode, a disk that is full
  kInvalidArgument = 2,  ///< a flag, name, shape or option the caller gave
  kInvalidFile = 3,      ///< a model, configuration or tensor file that breaks its format
  kUnsupported = 4,      ///< valid, but not by this build or on this machine
};

/// Thrown for everything that comes from outside: files, flags, specs, user tensors.
/// The text is one line: the thing, what it has, what was wanted, and the fix where there is one.
class MNV4_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace mnv4
