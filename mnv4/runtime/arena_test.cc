#include "mnv4/runtime/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace mnv4::runtime {
namespace {

Slot SlotOf(int channels, int first_step, int last_step) {
  Slot slot;
  slot.desc.n = slot.desc.h = slot.desc.w = 1;
  slot.desc.c = channels;
  slot.first_step = first_step;
  slot.last_step = last_step;
  return slot;
}

bool Overlap(const Slot& a, const Slot& b) {
  const size_t slack = kCacheLine;
  return a.offset < b.offset + b.desc.bytes() + slack &&
         b.offset < a.offset + a.desc.bytes() + slack;
}

TEST(PlanArena, ReusesMemoryOfTensorsThatAreDone) {
  std::vector<Slot> slots = {SlotOf(1600, -1, 0), SlotOf(1600, 0, 1), SlotOf(1600, 1, 2)};
  const size_t one = 1600 * sizeof(float) + kCacheLine;
  EXPECT_EQ(PlanArena(slots), 2 * one);
  EXPECT_EQ(slots[0].offset, slots[2].offset);
}

TEST(PlanArena, NeverOverlapsTensorsThatLiveTogether) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Slot> slots;
    for (int i = 0; i < 30; ++i) {
      const int first = static_cast<int>(random() % 40) - 1;
      slots.push_back(SlotOf(1 + static_cast<int>(random() % 5000), first,
                             first + static_cast<int>(random() % 6)));
    }
    const size_t bytes = PlanArena(slots);
    for (size_t a = 0; a < slots.size(); ++a) {
      EXPECT_EQ(slots[a].offset % kCacheLine, 0u);
      EXPECT_LE(slots[a].offset + slots[a].desc.bytes() + kCacheLine, bytes);
      for (size_t b = 0; b < a; ++b) {
        const bool together =
            slots[a].first_step <= slots[b].last_step && slots[b].first_step <= slots[a].last_step;
        EXPECT_FALSE(together && Overlap(slots[a], slots[b]));
      }
    }
  }
}

}  // namespace
}  // namespace mnv4::runtime
