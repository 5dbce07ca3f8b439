// Bytes as a WebDataset shard: read sample by sample, or refused with an Error.

#include <cstddef>
#include <cstdint>
#include <span>

#include "mnv4/base/error.h"
#include "mnv4/data/webdataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const mnv4::data::ClassMap classes(10);
  try {
    mnv4::data::ShardReader reader(
        mnv4::data::TarReader(std::as_bytes(std::span(data, size)), "fuzz.tar"), classes);
    while (reader.Next()) {
    }
  } catch (const mnv4::Error&) {
  }
  return 0;
}
