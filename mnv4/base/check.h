#pragma once
/// MNV4_CHECK: a broken invariant is a bug of ours, so the program stops and says where.
/// For bad input from outside throw Error instead (error.h).

#include <cstdio>
#include <cstdlib>

namespace mnv4 {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: internal error: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace mnv4

#define MNV4_CHECK(condition) \
  ((condition) ? (void)0 : ::mnv4::CheckFailed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define MNV4_DCHECK(condition) ((void)0)
#else
#define MNV4_DCHECK(condition) MNV4_CHECK(condition)
#endif
