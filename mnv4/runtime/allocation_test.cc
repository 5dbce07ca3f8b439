// A run allocates nothing: every call of the heap, by any thread, is counted here.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"
#include "mnv4/runtime/session.h"

// Sanitizers have a heap of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
std::atomic<int> allocations{0};
}  // namespace

// Shared libraries must find these too, hence the visibility.
#define MNV4_COUNTED __attribute__((visibility("default")))

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

MNV4_COUNTED void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
MNV4_COUNTED void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
MNV4_COUNTED void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
MNV4_COUNTED void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

namespace mnv4::runtime {
namespace {

TEST(Session, AllocatesNothingWhileItRuns) {
  Builder builder("small", {2, 19, 23, 16});
  const NodeId weight = builder.Param("weight", {32, 16, 3, 3});
  NodeId x =
      builder.Add(Conv2d{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}, .activation = {}},
                  {builder.input(), weight});
  x = builder.Add(Activate{Activation::kGelu}, {x});
  x = builder.Add(Pool2d{}, {x});
  builder.SetOutput("logits", x);
  Graph graph = builder.Finish();
  const TensorMap weights = HashWeights(graph);
  graph = Bind(std::move(graph), weights);

  PackedWeights packed;
  const int before_plan = allocations;
  const auto plan = std::make_shared<const Plan>(graph, PlanOptions{}, packed);
  EXPECT_GT(allocations, before_plan) << "nothing is counted";
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    Session session(plan, pool);
    session.Run();
    const int before = allocations;
    for (int i = 0; i < 20; ++i) session.Run();
    EXPECT_EQ(allocations, before) << threads << " threads";
  }
}

}  // namespace
}  // namespace mnv4::runtime

#endif
