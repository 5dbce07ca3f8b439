#pragma once
/// Gives tensors that live at different times the same memory.

#include <vector>

#include "mnv4/runtime/plan.h"

namespace mnv4::runtime {

/// Sets the offset of every slot, greedily by size over the live intervals [first_step, last_step];
/// returns the bytes of the whole arena. Slots start at multiples of 64 and have 64 readable bytes
/// behind them.
size_t PlanArena(std::vector<Slot>& slots);

}  // namespace mnv4::runtime
