#include "mnv4/runs/event_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"
#include "mnv4/runs/crc32c.h"

namespace mnv4::runs {
namespace {

// Protocol buffers by hand. Numbers of fields: tensorflow/core/util/event.proto and
// framework/summary.proto, tensor.proto.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum SummaryField { kValue = 1 };
enum ValueField { kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9 };
enum TensorField { kDtype = 1, kShape = 2, kStringValue = 8 };

// What follows a field's number.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

template <class T>
void AppendLittleEndian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

void AppendKey(std::string& out, uint32_t field, WireType type) {
  AppendVarint(out, field << 3 | type);
}

std::string Integer(uint32_t field, int64_t value) {
  std::string out;
  AppendKey(out, field, kVarint);
  AppendVarint(out, static_cast<uint64_t>(value));
  return out;
}

std::string Double(uint32_t field, double value) {
  std::string out;
  AppendKey(out, field, kFixed64);
  AppendLittleEndian(out, std::bit_cast<uint64_t>(value));
  return out;
}

std::string Float(uint32_t field, float value) {
  std::string out;
  AppendKey(out, field, kFixed32);
  AppendLittleEndian(out, std::bit_cast<uint32_t>(value));
  return out;
}

// Text, or a message within another.
std::string Bytes(uint32_t field, std::string_view value) {
  std::string out;
  AppendKey(out, field, kBytes);
  AppendVarint(out, value.size());
  return out += value;
}

std::string EventAt(int64_t step) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return Double(kWallTime, now.count()) + Integer(kStep, step);
}

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

}  // namespace

std::string TfRecord(std::string_view data) {
  std::string record;
  AppendLittleEndian(record, uint64_t{data.size()});
  AppendLittleEndian(record, MaskedCrc32c(std::as_bytes(std::span(record))));
  record += data;
  AppendLittleEndian(record, MaskedCrc32c(std::as_bytes(std::span(data))));
  return record;
}

EventFile::EventFile(const std::string& folder, std::optional<int64_t> resumed_at) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::string name = fmt::format("{}/events.out.tfevents.{:010}.{}.{}", folder,
                                       seconds.count(), HostName(), getpid());
  // Two of one process within a second: TensorBoard reads files in the order of their names.
  for (int again = 0; descriptor_ < 0; ++again) {
    path_ = again == 0 ? name : fmt::format("{}.{}", name, again);
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) Fail();
  }
  Write(EventAt(0) + Bytes(kFileVersion, "brain.Event:2"));
  if (resumed_at) {
    constexpr int kStatus = 1, kStart = 1;
    Write(EventAt(*resumed_at) + Bytes(kSessionLog, Integer(kStatus, kStart)));
  }
}

EventFile::~EventFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void EventFile::WriteScalars(int64_t step, std::span<const Figure> figures) {
  std::string summary;
  for (const Figure& figure : figures) {
    summary += Bytes(
        kValue, Bytes(kTag, figure.name) + Float(kSimpleValue, static_cast<float>(figure.value)));
  }
  Write(EventAt(step) + Bytes(kSummary, summary));
}

void EventFile::WriteText(int64_t step, const std::string& tag, const std::string& text) {
  constexpr int kPluginData = 1, kPluginName = 1, kDtString = 7, kDimension = 2, kSize = 1;
  const std::string tensor = Integer(kDtype, kDtString) +
                             Bytes(kShape, Bytes(kDimension, Integer(kSize, 1))) +
                             Bytes(kStringValue, text);
  const std::string metadata = Bytes(kPluginData, Bytes(kPluginName, "text"));
  Write(EventAt(step) + Bytes(kSummary, Bytes(kValue, Bytes(kTag, tag) + Bytes(kTensor, tensor) +
                                                          Bytes(kMetadata, metadata))));
}

void EventFile::Write(const std::string& event) {
  const std::string record = TfRecord(event);
  std::string_view left = record;
  while (!left.empty()) {
    const ssize_t written = write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail();
    left.remove_prefix(static_cast<size_t>(written));
  }
}

void EventFile::Fail() const {
  throw Error(ErrorCode::kRuntime,
              fmt::format("{}: cannot write: {}", Printable(path_, 1024), std::strerror(errno)));
}

}  // namespace mnv4::runs
