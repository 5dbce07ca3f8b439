#pragma once
/// Surviving fork(): the child has one thread, and every lock another thread held stays locked.

#include <cstdint>

namespace mnv4 {

/// How often this process and its ancestors forked since they first asked. What was made at another
/// count was made in a parent: its threads do not exist here.
uint32_t ForkCount();

/// While one lives, fork() in any other thread waits, so that no child inherits a lock that is held
/// or shared data that is half written. Its own thread must not fork, but may have more of them.
class ForkDelay {
 public:
  ForkDelay();
  ~ForkDelay();
  ForkDelay(const ForkDelay&) = delete;
  ForkDelay& operator=(const ForkDelay&) = delete;
};

}  // namespace mnv4
