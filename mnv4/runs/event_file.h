#pragma once
/// TensorBoard event files: what `tensorboard --logdir runs` draws, live.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mnv4/runs/figure.h"

namespace mnv4::runs {

/// One new file a start of the program, events.out.tfevents.<seconds>.<host>.<pid>; TensorBoard
/// joins all those of a folder. Every record is a single write, so a kill loses at most the last.
class EventFile {
 public:
  /// Makes the file in `folder`. With `resumed_at` TensorBoard forgets what earlier files say of
  /// this step and later ones: what a killed run wrote after the checkpoint that is resumed.
  /// Throws Error(kRuntime) naming the file and the reason.
  explicit EventFile(const std::string& folder, std::optional<int64_t> resumed_at = std::nullopt);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  const std::string& path() const { return path_; }

  /// The curves called `figures[i].name` ("train/loss": a slash makes groups) at a step. Both throw
  /// Error(kRuntime) for a full disk.
  void WriteScalars(int64_t step, std::span<const Figure> figures);
  /// Markdown, on the page of texts.
  void WriteText(int64_t step, const std::string& tag, const std::string& text);

 private:
  void Write(const std::string& event);
  [[noreturn]] void Fail() const;

  std::string path_;
  int descriptor_ = -1;
};

/// `data` as a record of a TFRecord file: length, checksum of it, data, checksum of them.
std::string TfRecord(std::string_view data);

}  // namespace mnv4::runs
