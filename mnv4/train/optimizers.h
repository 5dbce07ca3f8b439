#pragma once
/// The families behind MakeOptimizer, one file each.

#include "mnv4/train/optimizer.h"

namespace mnv4::train {

std::unique_ptr<Optimizer> MakeAdamW(const OptimizerOptions&, std::vector<Trained>);
std::unique_ptr<Optimizer> MakeSgd(const OptimizerOptions&, std::vector<Trained>);
std::unique_ptr<Optimizer> MakeRmsProp(const OptimizerOptions&, std::vector<Trained>);
std::unique_ptr<Optimizer> MakeLamb(const OptimizerOptions&, std::vector<Trained>);

}  // namespace mnv4::train
