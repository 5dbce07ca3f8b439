#pragma once
/// mnv4: MobileNetV4 networks in a C++ program. This header is the whole public API.
///
///     auto model = mnv4::Model::Load("models/conv_small");     // a timm / Hugging Face folder
///     mnv4::Session session(model, {.threads = 2});
///     session.RunPicture(jpeg_bytes);
///     for (const auto& c : session.TopK(5)) std::cout << c.label << ' ' << c.score << '\n';
///
/// A Model is immutable and shared by any number of threads; a Session belongs to one thread at a
/// time. Everything that goes wrong throws mnv4::Error (base/error.h): a code and one line of text.
/// mnv4_c.h offers the same to C.
///
/// Safe to embed: results do not depend on the caller's rounding mode or denormal handling, which
/// is left as it was; a child of fork() may go on using models and sessions of its parent.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/base/executor.h"
#include "mnv4/image/pixels.h"

#if defined(_WIN32)
#error "mnv4 builds on Linux"
#endif

namespace mnv4 {

/// How a batch of float pictures lies in memory.
enum class TensorLayout : uint8_t { kNchw, kNhwc };

/// One class of a picture.
struct Classification {
  int index = 0;
  std::string label;  ///< the index as text if the model carries no labels
  float score = 0;    ///< probability
};

/// What may be changed while loading; timm's create_model arguments of the same names.
struct ModelOptions {
  std::optional<int> num_classes = {};  ///< other than the file's: a classifier of zeros
  std::optional<int> in_chans = {};     ///< other than the file's: the stem is adapted as timm does
  std::optional<int> img_size = {};     ///< input side, pixels
  std::optional<int> output_stride = {};   ///< 8, 16 or 32
  std::vector<std::string> features = {};  ///< wanted beside the logits: "C1".."C5", "pre_logits"
  /// Or "bf16", "fp16", "auto": the fastest there is. A CPU that cannot multiply 16 bits stores
  /// weights in them, half the memory, and computes in fp32; "auto" is fp32 there.
  std::string precision = "fp32";
  /// Keeps packed weights in $MNV4_HOME/packed (else the user's cache folder), so that the first
  /// run of later processes is faster. A file that cannot be read or written is done without.
  bool packed_cache = false;
};

/// A network with its weights, preprocessing and labels.
class MNV4_API Model {
 public:
  /// `name`: a timm / Hugging Face folder, a .safetensors file, a network text file, a zoo name
  /// ("conv_small": deterministic random weights), or "hf-hub:timm/..." found in the cache on disk.
  static std::shared_ptr<const Model> Load(const std::string& name,
                                           const ModelOptions& options = {});
  /// A single .safetensors file in memory, which must outlive the model.
  static std::shared_ptr<const Model> FromMemory(std::span<const std::byte> file,
                                                 const ModelOptions& options = {});
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const std::string& architecture() const;         ///< "mobilenetv4_conv_small"
  const std::vector<std::string>& labels() const;  ///< by class index; empty if unknown
  int num_classes() const;                         ///< logits of a picture
  int input_channels() const;
  int input_height() const;     ///< pixels, of preprocessed pictures
  int input_width() const;      ///< pixels
  bool random_weights() const;  ///< a zoo name without a file: good for timing only

  /// Writes config.json and model.safetensors, which timm loads.
  void SaveFolder(const std::string& folder) const;
  /// Writes one .safetensors file that carries its configuration and labels.
  void SaveFile(const std::string& path) const;

 private:
  friend class Session;
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Threads that several sessions share: their runs take turns, and the process has no more threads.
class MNV4_API Threads {
 public:
  explicit Threads(int threads = 0);  ///< 0: $MNV4_NUM_THREADS, else all CPUs of this process
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  friend class Session;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

struct SessionOptions {
  int threads = 0;  ///< 0: $MNV4_NUM_THREADS, else every CPU this process may use
  /// Runs the session on threads of the caller's, `threads` tasks at a time, instead of its own.
  Executor executor = {};
  /// Threads shared with other sessions instead of its own; not together with the two above.
  std::shared_ptr<const Threads> shared = {};
};

struct PictureOptions {
  bool apply_exif = true;  ///< turn the picture as its EXIF orientation says; timm does not
};

/// Runs a model. Results are valid until the next Run.
class MNV4_API Session {
 public:
  explicit Session(std::shared_ptr<const Model> model, const SessionOptions& options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// `images`: n normalised float pictures of h x w pixels, any n, h, w. Returns [n, classes].
  std::span<const float> Run(std::span<const float> images, int n, int h, int w,
                             TensorLayout layout = TensorLayout::kNchw);
  /// The same, into the caller's memory: n * num_classes floats.
  void Run(std::span<const float> images, int n, int h, int w, TensorLayout layout,
           std::span<float> logits);

  /// One picture as RGB (or grey) pixels with any row stride: resized, cropped and normalised as
  /// the model's configuration says. Returns the logits.
  std::span<const float> RunPixels(const ImageView& pixels);
  /// One picture as the bytes of its file.
  std::span<const float> RunPicture(std::span<const std::byte> file,
                                    const PictureOptions& options = {});

  /// The k best classes of picture `image` of the last Run, best first.
  std::vector<Classification> TopK(int k, int image = 0) const;

  /// Shape n c h w, and values in that order, of a feature the model was loaded with.
  std::vector<int> FeatureShape(const std::string& name) const;
  void CopyFeature(const std::string& name, std::span<float> nchw) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mnv4
