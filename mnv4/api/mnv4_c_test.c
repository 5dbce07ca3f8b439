/* The C API, in C99: mnv4_c_test MODEL.safetensors PICTURE FOLDER_TO_WRITE_IN */

#include "mnv4/mnv4_c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define EXPECT(condition)                                                                 \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      printf("%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, \
             mnv4_last_error());                                                          \
      ++failures;                                                                         \
    }                                                                                     \
  } while (0)

/* Without it the rest has nothing to work on. */
#define REQUIRE(condition)                \
  do {                                    \
    EXPECT(condition);                    \
    if (failures > 0) exit(EXIT_FAILURE); \
  } while (0)

static int FailsWith(mnv4_status got, mnv4_status wanted, const char* part_of_message) {
  return got == wanted && strstr(mnv4_last_error(), part_of_message) != NULL;
}

static void* ReadFile(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  void* bytes;
  REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0);
  *size = (size_t)ftell(file);
  rewind(file);
  bytes = malloc(*size);
  REQUIRE(bytes != NULL && fread(bytes, 1, *size, file) == *size);
  fclose(file);
  return bytes;
}

static int SameFloats(const float* a, const float* b, size_t count) {
  return memcmp(a, b, count * sizeof *a) == 0;
}

static void TestErrors(void) {
  mnv4_model* model = NULL;
  mnv4_session* session = NULL;
  mnv4_model_options options = MNV4_MODEL_OPTIONS_INIT;
  EXPECT(strcmp(mnv4_last_error(), "") == 0);
  EXPECT(FailsWith(mnv4_model_load("no_such_model", NULL, &model), MNV4_ERROR_INVALID_ARGUMENT,
                   "no_such_model"));
  EXPECT(model == NULL);
  EXPECT(
      FailsWith(mnv4_model_load(NULL, NULL, &model), MNV4_ERROR_INVALID_ARGUMENT, "name is NULL"));
  EXPECT(FailsWith(mnv4_model_load("conv_small", NULL, NULL), MNV4_ERROR_INVALID_ARGUMENT,
                   "model is NULL"));
  EXPECT(FailsWith(mnv4_model_from_memory("not a model", 11, NULL, &model), MNV4_ERROR_INVALID_FILE,
                   "model in memory"));
  EXPECT(FailsWith(mnv4_session_open(NULL, NULL, &session), MNV4_ERROR_INVALID_ARGUMENT,
                   "model is NULL"));
  options.struct_size += 8; /* a newer header than the library */
  EXPECT(FailsWith(mnv4_model_load("conv_small", &options, &model), MNV4_ERROR_INVALID_ARGUMENT,
                   "struct_size"));
  mnv4_model_free(NULL);
  mnv4_session_free(NULL);
}

static void TestModel(const mnv4_model* model, const char* folder) {
  mnv4_model_info info = MNV4_MODEL_INFO_INIT;
  const char* label = NULL;
  char path[4096];
  mnv4_model* again = NULL;
  REQUIRE(mnv4_model_get_info(model, &info) == MNV4_OK);
  EXPECT(strcmp(info.architecture, "mobilenetv4_conv_small") == 0);
  EXPECT(info.num_classes == 100 && info.num_labels == 100 && info.input_channels == 3);
  EXPECT(info.input_height > 0 && info.input_width > 0 && info.random_weights == 0);
  EXPECT(mnv4_model_get_label(model, 99, &label) == MNV4_OK && strlen(label) > 0);
  EXPECT(FailsWith(mnv4_model_get_label(model, 100, &label), MNV4_ERROR_INVALID_ARGUMENT,
                   "label 100"));

  snprintf(path, sizeof path, "%s/mnv4_c_test.safetensors", folder);
  EXPECT(mnv4_model_save_file(model, path) == MNV4_OK);
  EXPECT(mnv4_model_load(path, NULL, &again) == MNV4_OK);
  mnv4_model_free(again);
  remove(path);
  EXPECT(mnv4_model_save_folder(model, "/dev/null/x") != MNV4_OK);
}

/* Runs tasks one after another, the last first, and counts them. */
static void RunBackwards(void* context, int count, mnv4_task task, void* task_context) {
  int i;
  for (i = count - 1; i >= 0; --i) {
    task(task_context, i);
    ++*(int*)context;
  }
}

static void TestPicturesAndExecutor(const mnv4_model* model, const char* path) {
  mnv4_session *own = NULL, *lent = NULL;
  mnv4_session_options options = MNV4_SESSION_OPTIONS_INIT;
  mnv4_class best[5];
  float first[100], second[100];
  int tasks = 0, count = 0;
  size_t size = 0;
  void* file = ReadFile(path, &size);

  options.threads = 1;
  REQUIRE(mnv4_session_open(model, &options, &own) == MNV4_OK);
  options.threads = 3;
  options.executor = RunBackwards;
  options.executor_context = &tasks;
  REQUIRE(mnv4_session_open(model, &options, &lent) == MNV4_OK);

  EXPECT(FailsWith(mnv4_session_top_k(own, 0, best, 5, &count), MNV4_ERROR_INVALID_ARGUMENT,
                   "not run"));
  EXPECT(FailsWith(mnv4_session_run_picture(own, file, size, 1, first, 99),
                   MNV4_ERROR_INVALID_ARGUMENT, "expected 100"));
  EXPECT(mnv4_session_run_picture(own, file, size / 2, 1, NULL, 0) == MNV4_ERROR_RUNTIME);
  EXPECT(mnv4_session_run_picture(own, file, size, 1, first, 100) == MNV4_OK);
  EXPECT(mnv4_session_run_picture(lent, file, size, 1, second, 100) == MNV4_OK);
  EXPECT(SameFloats(first, second, 100) && tasks > 60 && tasks % 3 == 0);

  EXPECT(mnv4_session_top_k(own, 0, best, 5, &count) == MNV4_OK && count == 5);
  EXPECT(best[0].score >= best[1].score && best[0].score <= 1 && best[0].label != NULL);
  EXPECT(first[best[0].index] >= first[best[4].index]);
  mnv4_session_free(lent);
  mnv4_session_free(own);
  free(file);
}

static void TestPixels(const mnv4_model* model) {
  enum { kWidth = 60, kHeight = 40, kStride = 256 };
  static uint8_t tight[kHeight * kWidth * 3], wide[kHeight * kStride];
  mnv4_session* session = NULL;
  float first[100], second[100];
  int i, y;
  for (i = 0; i < (int)sizeof tight; ++i) tight[i] = (uint8_t)(i * 7 % 251);
  for (y = 0; y < kHeight; ++y) memcpy(wide + y * kStride, tight + y * kWidth * 3, kWidth * 3);
  REQUIRE(mnv4_session_open(model, NULL, &session) == MNV4_OK);
  EXPECT(mnv4_session_run_pixels(session, tight, kWidth, kHeight, 3, kWidth * 3, first, 100) ==
         MNV4_OK);
  EXPECT(mnv4_session_run_pixels(session, wide, kWidth, kHeight, 3, kStride, second, 100) ==
         MNV4_OK);
  EXPECT(SameFloats(first, second, 100));
  EXPECT(FailsWith(mnv4_session_run_pixels(session, wide, kWidth, kHeight, 1, kStride, NULL, 0),
                   MNV4_ERROR_INVALID_ARGUMENT, "expected 3 channels"));
  mnv4_session_free(session);
}

static void TestTensorsAndFeatures(void) {
  enum { kSide = 32, kPlane = kSide * kSide };
  static float nchw[2 * 3 * kPlane], nhwc[2 * 3 * kPlane];
  const char* features[] = {"C3", "pre_logits"};
  mnv4_model_options options = MNV4_MODEL_OPTIONS_INIT;
  mnv4_model* model = NULL;
  mnv4_session* session = NULL;
  float first[14], second[14];
  int shape[4] = {0, 0, 0, 0};
  float* values;
  size_t size;
  int image, at, c;

  options.num_classes = 7;
  options.features = features;
  options.num_features = 2;
  options.precision = "fp8";
  EXPECT(FailsWith(mnv4_model_load("conv_small_035", &options, &model), MNV4_ERROR_INVALID_ARGUMENT,
                   "precision 'fp8'"));
  options.precision = "fp32";
  REQUIRE(mnv4_model_load("conv_small_035", &options, &model) == MNV4_OK);
  REQUIRE(mnv4_session_open(model, NULL, &session) == MNV4_OK);
  mnv4_model_free(model); /* the session keeps what it needs */

  for (at = 0; at < 2 * 3 * kPlane; ++at) nchw[at] = (float)(at % 97) / 97 - 0.5f;
  for (image = 0; image < 2; ++image) {
    for (at = 0; at < kPlane; ++at) {
      for (c = 0; c < 3; ++c) {
        nhwc[(image * kPlane + at) * 3 + c] = nchw[(image * 3 + c) * kPlane + at];
      }
    }
  }
  EXPECT(mnv4_session_run(session, nchw, 2, kSide, kSide, MNV4_NCHW, first, 14) == MNV4_OK);
  EXPECT(mnv4_session_run(session, nhwc, 2, kSide, kSide, MNV4_NHWC, second, 14) == MNV4_OK);
  EXPECT(SameFloats(first, second, 14));
  EXPECT(FailsWith(mnv4_session_run(session, nchw, 0, kSide, kSide, MNV4_NCHW, NULL, 0),
                   MNV4_ERROR_INVALID_ARGUMENT, "0 of 32 x 32"));

  REQUIRE(mnv4_session_feature_shape(session, "C3", shape) == MNV4_OK);
  EXPECT(shape[0] == 2 && shape[1] > 0 && shape[2] == kSide / 8 && shape[3] == kSide / 8);
  size = (size_t)(shape[0] * shape[1] * shape[2] * shape[3]);
  values = malloc(size * sizeof *values);
  EXPECT(mnv4_session_copy_feature(session, "C3", values, size) == MNV4_OK);
  EXPECT(FailsWith(mnv4_session_copy_feature(session, "C3", values, size - 1),
                   MNV4_ERROR_INVALID_ARGUMENT, "room for"));
  EXPECT(mnv4_session_feature_shape(session, "C4", shape) != MNV4_OK); /* not asked for */
  free(values);
  mnv4_session_free(session);
}

int main(int argc, char** argv) {
  mnv4_model *model = NULL, *from_memory = NULL;
  void* bytes;
  size_t size = 0;
  if (argc != 4) return 2;
  EXPECT(mnv4_abi_version() == MNV4_ABI_VERSION);
  EXPECT(strchr(mnv4_version(), '.') != NULL);
  TestErrors();
  TestTensorsAndFeatures();
  REQUIRE(mnv4_model_load(argv[1], NULL, &model) == MNV4_OK);
  TestModel(model, argv[3]);
  TestPicturesAndExecutor(model, argv[2]);
  TestPixels(model);
  mnv4_model_free(model);

  bytes = ReadFile(argv[1], &size);
  REQUIRE(mnv4_model_from_memory(bytes, size, NULL, &from_memory) == MNV4_OK);
  TestPixels(from_memory);
  mnv4_model_free(from_memory);
  free(bytes);
  if (failures == 0) printf("all passed\n");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
