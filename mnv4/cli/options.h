#pragma once
/// Options that mean the same in every verb. A verb's table copies the ones it takes.

#include "mnv4/cli/command.h"

namespace mnv4::cli {

inline constexpr Option kHelp = {.name = "help", .letter = 'h', .help = "show this"};

inline constexpr Option kModel = {
    .name = "model",
    .letter = 'm',
    .kind = ValueKind::kText,
    .value = "MODEL",
    .help = "zoo name, timm folder, file, hf-hub:timm/NAME; else the model inside"};

inline constexpr Option kThreads = {.name = "threads",
                                    .letter = 't',
                                    .kind = ValueKind::kInteger,
                                    .value = "N",
                                    .help = "threads; else $MNV4_NUM_THREADS, else all CPUs",
                                    .least = 1,
                                    .most = 1024};

inline constexpr Option kBatchSize = {.name = "batch-size",
                                      .letter = 'b',
                                      .kind = ValueKind::kInteger,
                                      .value = "N",
                                      .fallback = "1",
                                      .help = "pictures the network takes at once",
                                      .least = 1,
                                      .most = 4096};

inline constexpr Option kWorkers = {.name = "workers",
                                    .letter = 'j',
                                    .kind = ValueKind::kInteger,
                                    .value = "N",
                                    .help = "threads that decode; else as many as CPUs, at most 4",
                                    .least = 1,
                                    .most = 256};

inline constexpr Option kClassMap = {.name = "class-map",
                                     .kind = ValueKind::kText,
                                     .value = "FILE",
                                     .help = "the data set's class names, a line for each class"};

inline constexpr Option kWarmup = {.name = "warmup",
                                   .kind = ValueKind::kInteger,
                                   .value = "N",
                                   .fallback = "10",
                                   .help = "runs before timing starts",
                                   .least = 0,
                                   .most = 1000000};

inline constexpr Option kIsa = {.name = "isa",
                                .kind = ValueKind::kText,
                                .value = "NAME",
                                .help = "use no instruction set above this one: sse4, avx2, ..."};

inline constexpr Option kOutput = {.name = "output",
                                   .letter = 'o',
                                   .kind = ValueKind::kText,
                                   .value = "FILE",
                                   .help = "write results here instead of to stdout"};

inline constexpr Option kJson = {.name = "json", .help = "print JSON"};
inline constexpr Option kCsv = {.name = "csv", .help = "print CSV"};
inline constexpr Option kQuiet = {.name = "quiet", .letter = 'q', .help = "no notes on stderr"};

inline constexpr Option kVerbose = {
    .name = "verbose", .letter = 'v', .help = "say at the end where time and memory went"};
inline constexpr Option kStrict = {
    .name = "strict", .help = "stop at the first picture that cannot be read (exit 3)"};

inline constexpr const char* kPrecisions[] = {"fp32", "fp16", "bf16", "int8", "auto"};
inline constexpr Option kPrecision = {.name = "precision",
                                      .kind = ValueKind::kChoice,
                                      .value = "P",
                                      .fallback = "fp32",
                                      .help = "fp32, bf16, fp16, or auto: the fastest there is",
                                      .choices = kPrecisions};

inline constexpr Option kPackedCache = {
    .name = "packed-cache", .help = "keep packed weights on disk: later starts are faster"};

// What timm's create_model may change, under its names.
inline constexpr Option kImgSize = {.name = "img-size",
                                    .kind = ValueKind::kInteger,
                                    .value = "N",
                                    .help = "input side in pixels; else the model's own",
                                    .least = 1,
                                    .most = 8192};
inline constexpr Option kNumClasses = {.name = "num-classes",
                                       .kind = ValueKind::kInteger,
                                       .value = "N",
                                       .help = "another classifier; 0: none, pooled features",
                                       .least = 0,
                                       .most = 1000000};
inline constexpr Option kInChans = {.name = "in-chans",
                                    .kind = ValueKind::kInteger,
                                    .value = "N",
                                    .help = "input channels; the stem is adapted as timm does",
                                    .least = 1,
                                    .most = 1024};
inline constexpr const char* kOutputStrides[] = {"8", "16", "32"};
inline constexpr Option kOutputStride = {.name = "output-stride",
                                         .kind = ValueKind::kChoice,
                                         .value = "N",
                                         .help = "8 or 16: later strides become dilation",
                                         .choices = kOutputStrides};

// How a picture becomes the input; each stands in for the model's own setting.
inline constexpr Option kCropPct = {.name = "crop-pct",
                                    .kind = ValueKind::kNumber,
                                    .value = "X",
                                    .help = "part of the resized picture that is kept: 0.875",
                                    .least = 0.01,
                                    .most = 1};
inline constexpr const char* kCropModes[] = {"center", "squash", "border"};
inline constexpr Option kCropMode = {.name = "crop-mode",
                                     .kind = ValueKind::kChoice,
                                     .value = "MODE",
                                     .help = "center, squash or border",
                                     .choices = kCropModes};
inline constexpr const char* kInterpolations[] = {"nearest", "box",     "bilinear",
                                                  "hamming", "bicubic", "lanczos"};
inline constexpr Option kInterpolation = {
    .name = "interpolation",
    .kind = ValueKind::kChoice,
    .value = "NAME",
    .help = "nearest, box, bilinear, hamming, bicubic or lanczos",
    .choices = kInterpolations};
inline constexpr Option kMean = {.name = "mean",
                                 .kind = ValueKind::kNumbers,
                                 .value = "X,X,X",
                                 .help = "per channel, of values in [0, 1]",
                                 .least = -1000,
                                 .most = 1000};
inline constexpr Option kStd = {.name = "std",
                                .kind = ValueKind::kNumbers,
                                .value = "X,X,X",
                                .help = "per channel; above 0",
                                .least = 1e-6,
                                .most = 1000};
inline constexpr Option kNoExif = {.name = "no-exif",
                                   .help = "ignore EXIF orientation, as timm does"};

}  // namespace mnv4::cli
