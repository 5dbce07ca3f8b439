#pragma once
/// WebDataset shards, read in any order: an index of where their pictures are.

#include <memory>
#include <string>
#include <vector>

#include "mnv4/data/class_map.h"
#include "mnv4/data/source.h"

namespace mnv4::data {

/// Reads the headers and labels of plain .tar shards (webdataset.h says what they hold); pictures
/// are read when they are asked for. Throws Error(kRuntime) for a shard that is not there,
/// Error(kInvalidFile) for one that is damaged or compressed, and where there are no pictures.
std::unique_ptr<Source> OpenShardSource(const std::vector<std::string>& paths,
                                        const ClassMap& classes);

}  // namespace mnv4::data
