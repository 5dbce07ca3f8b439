#pragma once
/*
 * mnv4 for C: MobileNetV4 networks in a C99 program, or in anything that can call C.
 *
 *     mnv4_model* model;
 *     mnv4_session* session;
 *     if (mnv4_model_load("models/conv_small", NULL, &model) != MNV4_OK ||
 *         mnv4_session_open(model, NULL, &session) != MNV4_OK ||
 *         mnv4_session_run_picture(session, jpeg, jpeg_size, 1, NULL, 0) != MNV4_OK) {
 *       fprintf(stderr, "%s\n", mnv4_last_error());
 *     }
 *     mnv4_class best[5];
 *     int count;
 *     mnv4_session_top_k(session, 0, best, 5, &count);
 *
 * The same as mnv4.h offers to C++: a model is immutable and shared by any number of threads, a
 * session belongs to one thread at a time. Every function that can fail returns a status, writes
 * its results only when that is MNV4_OK, and keeps one line of text for mnv4_last_error().
 *
 * Structs that the caller fills begin with their size, so that they may grow: start from their
 * ..._INIT. NULL stands for the defaults.
 */

#include <stddef.h>
#include <stdint.h>

#define MNV4_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* One more whenever a program compiled against an older header would break. It is also the number
 * behind libmnv4.so. */
#define MNV4_ABI_VERSION 0

/* Equal to the exit codes of the mnv4 program. */
typedef enum mnv4_status {
  MNV4_OK = 0,
  MNV4_ERROR_RUNTIME = 1, /* a picture that does not decode, memory or a disk that is full */
  MNV4_ERROR_INVALID_ARGUMENT = 2, /* a name, shape, size or option that was passed */
  MNV4_ERROR_INVALID_FILE = 3,     /* a model or configuration that breaks its format */
  MNV4_ERROR_UNSUPPORTED = 4       /* valid, but not by this library or on this machine */
} mnv4_status;

typedef struct mnv4_model mnv4_model;
typedef struct mnv4_session mnv4_session;

/* The MNV4_ABI_VERSION of the library that was found at run time. */
MNV4_API int mnv4_abi_version(void);
/* "0.1.0". */
MNV4_API const char* mnv4_version(void);
/* What went wrong in this thread's last call that failed; "" if none has. Valid until the next. */
MNV4_API const char* mnv4_last_error(void);

/* ---- Models ---- */

/* What may be changed while loading; timm's create_model arguments of the same names. */
typedef struct mnv4_model_options {
  size_t struct_size;
  int num_classes;             /* -1: the file's; otherwise a classifier of zeros */
  int in_chans;                /* -1: the file's; otherwise the stem is adapted as timm does */
  int img_size;                /* -1: the file's; input side, pixels */
  int output_stride;           /* -1: the file's; 8, 16 or 32 */
  const char* const* features; /* wanted beside the logits: "C1".."C5", "pre_logits" */
  size_t num_features;
  const char* precision; /* "fp32" (also NULL), "bf16", "fp16", "auto": the fastest there is. A CPU
                          * that cannot multiply 16 bits stores weights in them, half the memory,
                          * and computes in fp32; "auto" is fp32 there */
  int packed_cache; /* 1: keeps packed weights in $MNV4_HOME/packed, else the user's cache folder,
                     * so that the first run of later processes is faster */
} mnv4_model_options;
#define MNV4_MODEL_OPTIONS_INIT \
  { sizeof(mnv4_model_options), -1, -1, -1, -1, NULL, 0, NULL, 0 }

/* `name`: a timm / Hugging Face folder, a .safetensors file, a network text file, a zoo name
 * ("conv_small": deterministic random weights) or "hf-hub:timm/..." found in the cache on disk. */
MNV4_API mnv4_status mnv4_model_load(const char* name, const mnv4_model_options* options,
                                     mnv4_model** model);
/* A single .safetensors file in memory, which must outlive the model and its sessions. */
MNV4_API mnv4_status mnv4_model_from_memory(const void* file, size_t size,
                                            const mnv4_model_options* options, mnv4_model** model);
/* Sessions of the model may go on. NULL is allowed. */
MNV4_API void mnv4_model_free(mnv4_model* model);

typedef struct mnv4_model_info {
  size_t struct_size;
  const char* architecture; /* "mobilenetv4_conv_small"; lives as long as the model */
  int num_classes;          /* logits of a picture */
  int num_labels;           /* 0: the model carries none */
  int input_channels;       /* 3: RGB, 1: grey */
  int input_height;         /* pixels, of preprocessed pictures */
  int input_width;
  int random_weights; /* 1: a zoo name without a file, good for timing only */
} mnv4_model_info;
#define MNV4_MODEL_INFO_INIT \
  { sizeof(mnv4_model_info), NULL, 0, 0, 0, 0, 0, 0 }

MNV4_API mnv4_status mnv4_model_get_info(const mnv4_model* model, mnv4_model_info* info);
/* The label of class `index`, 0 to num_labels - 1; lives as long as the model. */
MNV4_API mnv4_status mnv4_model_get_label(const mnv4_model* model, int index, const char** label);
/* Writes config.json and model.safetensors, which timm loads. */
MNV4_API mnv4_status mnv4_model_save_folder(const mnv4_model* model, const char* folder);
/* Writes one .safetensors file that carries its configuration and labels. */
MNV4_API mnv4_status mnv4_model_save_file(const mnv4_model* model, const char* path);

/* ---- Sessions ---- */

/* Calls task(task_context, 0) .. task(task_context, count - 1) and returns when all are done: at
 * once or one after another, in any order, on any threads. Tasks never wait for each other. */
typedef void (*mnv4_task)(void* task_context, int index);
typedef void (*mnv4_executor)(void* executor_context, int count, mnv4_task task,
                              void* task_context);

typedef struct mnv4_session_options {
  size_t struct_size;
  int threads;            /* 0: $MNV4_NUM_THREADS, else every CPU this process may use */
  mnv4_executor executor; /* runs the session on the caller's threads, `threads` tasks at a time; */
  void* executor_context; /* NULL: threads of the session's own */
} mnv4_session_options;
#define MNV4_SESSION_OPTIONS_INIT \
  { sizeof(mnv4_session_options), 0, NULL, NULL }

MNV4_API mnv4_status mnv4_session_open(const mnv4_model* model, const mnv4_session_options* options,
                                       mnv4_session** session);
/* NULL is allowed. */
MNV4_API void mnv4_session_free(mnv4_session* session);

typedef enum mnv4_layout { MNV4_NCHW = 0, MNV4_NHWC = 1 } mnv4_layout;

/* The three ways to run. Each writes the logits, `logits_size` floats of the caller's: num_classes
 * for every picture. NULL and 0: they are only wanted through mnv4_session_top_k. */

/* `images`: n normalised float pictures of h x w pixels, any n, h, w. */
MNV4_API mnv4_status mnv4_session_run(mnv4_session* session, const float* images, int n, int h,
                                      int w, mnv4_layout layout, float* logits, size_t logits_size);
/* One picture as RGB (or grey: the model's input_channels) bytes, `stride` bytes from one row to
 * the next: resized, cropped and normalised as the model's configuration says. */
MNV4_API mnv4_status mnv4_session_run_pixels(mnv4_session* session, const uint8_t* pixels,
                                             int width, int height, int channels, ptrdiff_t stride,
                                             float* logits, size_t logits_size);
/* One picture as the bytes of its file. `apply_exif`: 1 turns it as its EXIF orientation says, 0
 * does not, as timm. */
MNV4_API mnv4_status mnv4_session_run_picture(mnv4_session* session, const void* file, size_t size,
                                              int apply_exif, float* logits, size_t logits_size);

typedef struct mnv4_class {
  int index;
  float score;       /* probability */
  const char* label; /* NULL: the model carries none; lives as long as the session */
} mnv4_class;

/* The k best classes of picture `image` of the last run, best first, into best[0 .. k - 1]; `count`
 * receives their number, less than k if the model has fewer classes. */
MNV4_API mnv4_status mnv4_session_top_k(const mnv4_session* session, int image, mnv4_class* best,
                                        int k, int* count);

/* Shape n c h w, and values in that order, of a feature the model was loaded with, of the last run.
 */
MNV4_API mnv4_status mnv4_session_feature_shape(const mnv4_session* session, const char* name,
                                                int shape[4]);
MNV4_API mnv4_status mnv4_session_copy_feature(const mnv4_session* session, const char* name,
                                               float* nchw, size_t size);

#ifdef __cplusplus
}
#endif
