#include "mnv4/runs/event_file.h"

#include <gmock/gmock.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "mnv4/io/testing.h"
#include "mnv4/runs/crc32c.h"

namespace mnv4::runs {
namespace {

using mnv4::test::Bytes;
using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(Crc32c(Bytes("")), 0u);
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xE3069283u);
  // RFC 3720, B.4.
  EXPECT_EQ(Crc32c(Bytes(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(Bytes(std::string(32, '\xff'))), 0x62A8AB43u);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(Crc32c(Bytes(rising)), 0x46DD794Eu);
}

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// The data of the records of a file, checksums compared.
std::vector<std::string> RecordsOf(const std::string& path) {
  const std::string file = ReadTextFile(path, 1 << 20);
  std::vector<std::string> records;
  std::string_view left = file;
  while (!left.empty()) {
    const std::string_view length = left.substr(0, 8);
    EXPECT_EQ(LittleEndian(left.substr(8, 4)), MaskedCrc32c(Bytes(length)));
    const std::string_view data = left.substr(12, LittleEndian(length));
    EXPECT_EQ(LittleEndian(left.substr(12 + data.size(), 4)), MaskedCrc32c(Bytes(data)));
    records.emplace_back(data);
    left.remove_prefix(12 + data.size() + 4);
  }
  return records;
}

// The fields of a protobuf message: number to content, numbers as their bytes.
std::multimap<uint32_t, std::string> FieldsOf(std::string_view message) {
  std::multimap<uint32_t, std::string> fields;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(message.front());
      message.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (!message.empty()) {
    const auto key = static_cast<uint32_t>(varint());
    size_t size = 0;
    switch (key & 7) {
      case 0: {
        const uint64_t value = varint();
        fields.emplace(key >> 3, std::to_string(value));
        continue;
      }
      case 1:
        size = 8;
        break;
      case 2:
        size = varint();
        break;
      case 5:
        size = 4;
        break;
      default:
        ADD_FAILURE() << "wire type " << (key & 7);
        return fields;
    }
    fields.emplace(key >> 3, message.substr(0, size));
    message.remove_prefix(size);
  }
  return fields;
}

std::string Only(const std::multimap<uint32_t, std::string>& fields, uint32_t number) {
  EXPECT_EQ(fields.count(number), 1u) << number;
  return fields.count(number) == 1 ? fields.find(number)->second : "";
}

TEST(EventFile, HoldsWhatWasWrittenAsSoonAsItWas) {
  const TempFolder folder;
  EventFile file(folder.path());
  EXPECT_THAT(std::filesystem::path(file.path()).filename().string(),
              StartsWith("events.out.tfevents."));
  file.WriteScalars(300, std::vector<Figure>{{"train/loss", 2.5}, {"lr", 1e-3}});
  const std::vector<std::string> records = RecordsOf(file.path());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(Only(FieldsOf(records[0]), 3), "brain.Event:2");

  const auto event = FieldsOf(records[1]);
  const double now = std::bit_cast<double>(LittleEndian(Only(event, 1)));
  EXPECT_NEAR(now, static_cast<double>(std::time(nullptr)), 60);
  EXPECT_EQ(Only(event, 2), "300");
  std::vector<std::string> tags;
  std::vector<float> values;
  for (const auto& [number, value] : FieldsOf(Only(event, 5))) {
    EXPECT_EQ(number, 1u);
    const auto fields = FieldsOf(value);
    tags.push_back(Only(fields, 1));
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(LittleEndian(Only(fields, 2)))));
  }
  EXPECT_THAT(tags, ElementsAre("train/loss", "lr"));
  EXPECT_THAT(values, ElementsAre(2.5f, 1e-3f));
}

TEST(EventFile, IsANewOneAtEveryStartAndSaysWhereARunGoesOn) {
  const TempFolder folder;
  const EventFile first(folder.path());
  const EventFile second(folder.path(), 1200);
  EXPECT_NE(first.path(), second.path());
  const std::vector<std::string> records = RecordsOf(second.path());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(Only(FieldsOf(records[1]), 2), "1200");
  EXPECT_EQ(Only(FieldsOf(Only(FieldsOf(records[1]), 7)), 1), "1");  // SessionLog.START
}

TEST(EventFile, HoldsTexts) {
  const TempFolder folder;
  EventFile file(folder.path());
  file.WriteText(0, "recipe", "lr: 0.004");
  const auto value = FieldsOf(Only(FieldsOf(Only(FieldsOf(RecordsOf(file.path()).back()), 5)), 1));
  EXPECT_EQ(Only(value, 1), "recipe");
  EXPECT_EQ(Only(FieldsOf(Only(value, 8)), 8), "lr: 0.004");
  EXPECT_THAT(Only(value, 9), HasSubstr("text"));
}

TEST(EventFile, SaysWhyItCannotBeMade) {
  const TempFolder folder;
  EXPECT_THAT(MessageOf([&] { EventFile file(folder / "missing"); }, ErrorCode::kRuntime),
              HasSubstr("cannot write: No such file or directory"));
}

}  // namespace
}  // namespace mnv4::runs
