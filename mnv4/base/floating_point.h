#pragma once
/// Results must not depend on the rounding mode or denormal handling a program has chosen.

#include <cfenv>

namespace mnv4 {

/// While it lives, its thread rounds to nearest, keeps denormals and traps nothing. Then the state
/// from before is back, exception flags included.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingPoint() { std::fesetenv(&saved_); }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  std::fenv_t saved_;
};

}  // namespace mnv4
