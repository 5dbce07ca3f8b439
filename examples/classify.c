/* The smallest program in C: classifies pictures with a model.
 *
 *   classify MODEL PICTURE...
 *
 * MODEL is a timm / Hugging Face folder or a .safetensors file. */

#include <stdio.h>
#include <stdlib.h>

#include "mnv4/mnv4_c.h"

enum { kMaxPicture = 64 << 20 }; /* bytes */

static int Fail(mnv4_status status) {
  fprintf(stderr, "classify: %s\n", mnv4_last_error());
  return (int)status;
}

/* The bytes of a picture file into `buffer`; 0 if it cannot be read or is too large. */
static size_t ReadPicture(const char* path, void* buffer) {
  FILE* file = fopen(path, "rb");
  size_t size;
  if (file == NULL) return 0;
  size = fread(buffer, 1, kMaxPicture, file);
  fclose(file);
  return size == kMaxPicture ? 0 : size;
}

static mnv4_status Classify(mnv4_session* session, const char* path, void* buffer) {
  mnv4_class best[3];
  int count = 0, i;
  mnv4_status status = mnv4_session_run_picture(session, buffer, ReadPicture(path, buffer),
                                                /*apply_exif=*/1, /*logits=*/NULL, 0);
  if (status == MNV4_OK) status = mnv4_session_top_k(session, 0, best, 3, &count);
  if (status != MNV4_OK) return status;
  printf("%s\n", path);
  for (i = 0; i < count; ++i) {
    printf("  %5.1f %%  %s\n", 100 * best[i].score, best[i].label == NULL ? "?" : best[i].label);
  }
  return MNV4_OK;
}

int main(int argc, char** argv) {
  mnv4_model* model = NULL;
  mnv4_session* session = NULL;
  void* buffer;
  mnv4_status status;
  int i;
  if (argc < 3) {
    fprintf(stderr, "usage: classify MODEL PICTURE...\n");
    return 2;
  }
  status = mnv4_model_load(argv[1], NULL, &model);
  if (status != MNV4_OK) return Fail(status);
  status = mnv4_session_open(model, NULL, &session);
  if (status != MNV4_OK) return Fail(status);
  buffer = malloc(kMaxPicture);
  if (buffer == NULL) return 1;
  for (i = 2; i < argc && status == MNV4_OK; ++i) status = Classify(session, argv[i], buffer);
  if (status != MNV4_OK) Fail(status);
  free(buffer);
  mnv4_session_free(session);
  mnv4_model_free(model);
  return (int)status;
}
