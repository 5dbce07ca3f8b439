#include "mnv4/runtime/arena.h"

#include <algorithm>
#include <numeric>

namespace mnv4::runtime {
namespace {

size_t BytesWithSlack(const Slot& slot) {
  return RoundUp(slot.desc.bytes(), kCacheLine) + kCacheLine;
}

bool LiveTogether(const Slot& a, const Slot& b) {
  return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

}  // namespace

size_t PlanArena(std::vector<Slot>& slots) {
  std::vector<size_t> by_size(slots.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) {
    return slots[a].desc.bytes() > slots[b].desc.bytes();
  });

  size_t arena_bytes = 0;
  std::vector<const Slot*> placed;  // in order of offset
  for (const size_t index : by_size) {
    Slot& slot = slots[index];
    const size_t bytes = BytesWithSlack(slot);
    size_t offset = 0;  // the lowest gap between neighbours that live at the same time
    for (const Slot* other : placed) {
      if (!LiveTogether(slot, *other)) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + BytesWithSlack(*other));
    }
    slot.offset = offset;
    arena_bytes = std::max(arena_bytes, offset + bytes);
    const auto after =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [](size_t value, const Slot* other) { return value < other->offset; });
    placed.insert(after, &slot);
  }
  return arena_bytes;
}

}  // namespace mnv4::runtime
