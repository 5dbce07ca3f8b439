#include "mnv4/base/fork.h"

#include <pthread.h>

#include <atomic>
#include <new>
#include <shared_mutex>

namespace mnv4 {
namespace {

std::atomic<uint32_t> forks{0};
std::shared_mutex fork_mutex;  // shared by threads with ForkDelays, exclusive during fork()
thread_local int delays = 0;   // of this thread

// Idempotent; called by whoever needs the handlers.
void RegisterHandlers() {
  static const int registered =
      pthread_atfork([] { fork_mutex.lock(); }, [] { fork_mutex.unlock(); },
                     [] {
                       // Not unlocked: the lock belongs to a thread id that the child does not
                       // have.
                       new (&fork_mutex) std::shared_mutex;
                       ++forks;
                     });
  (void)registered;
}

}  // namespace

uint32_t ForkCount() {
  RegisterHandlers();
  return forks.load(std::memory_order_relaxed);
}

ForkDelay::ForkDelay() {
  RegisterHandlers();
  if (delays++ == 0) fork_mutex.lock_shared();
}
ForkDelay::~ForkDelay() {
  if (--delays == 0) fork_mutex.unlock_shared();
}

}  // namespace mnv4
