#include "mnv4/mnv4_c.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "mnv4/mnv4.h"

struct mnv4_model {
  std::shared_ptr<const mnv4::Model> model;
};

struct mnv4_session {
  std::shared_ptr<const mnv4::Model> model;
  mnv4::Session session;
};

namespace {

using mnv4::Error;
using mnv4::ErrorCode;

// Of a fixed size: keeping an error must not fail, and nothing is destroyed when a thread ends.
thread_local char last_error[1024] = "";

mnv4_status Fail(mnv4_status status, const char* message) {
  std::snprintf(last_error, sizeof last_error, "%s", message);
  return status;
}

// The border: no exception gets past it.
template <class Body>
mnv4_status Guard(Body&& body) noexcept {
  try {
    body();
    return MNV4_OK;
  } catch (const Error& error) {
    return Fail(static_cast<mnv4_status>(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return Fail(MNV4_ERROR_RUNTIME, "out of memory");
  } catch (const std::exception& error) {
    return Fail(MNV4_ERROR_RUNTIME, error.what());
  }
}

void Require(const void* argument, const char* name) {
  if (argument == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is NULL", name));
  }
}

// What the caller filled, as this library knows it: `defaults` where an older header had no field.
template <class Options>
Options Read(const Options* options, Options defaults, const char* name) {
  if (options == nullptr) return defaults;
  if (options->struct_size < sizeof(size_t) || options->struct_size > sizeof(Options)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}.struct_size is {}, this library knows {} bytes", name,
                            options->struct_size, sizeof(Options)));
  }
  std::copy_n(reinterpret_cast<const char*>(options), options->struct_size,
              reinterpret_cast<char*>(&defaults));
  return defaults;
}

mnv4::ModelOptions ToModelOptions(const mnv4_model_options* options) {
  const auto in = Read<mnv4_model_options>(options, MNV4_MODEL_OPTIONS_INIT, "mnv4_model_options");
  mnv4::ModelOptions out;
  if (in.num_classes != -1) out.num_classes = in.num_classes;
  if (in.in_chans != -1) out.in_chans = in.in_chans;
  if (in.img_size != -1) out.img_size = in.img_size;
  if (in.output_stride != -1) out.output_stride = in.output_stride;
  if (in.num_features > 0) Require(in.features, "mnv4_model_options.features");
  for (size_t i = 0; i < in.num_features; ++i) {
    Require(in.features[i], "a name in mnv4_model_options.features");
    out.features.emplace_back(in.features[i]);
  }
  if (in.precision != nullptr) out.precision = in.precision;
  out.packed_cache = in.packed_cache != 0;
  return out;
}

mnv4::SessionOptions ToSessionOptions(const mnv4_session_options* options) {
  const auto in =
      Read<mnv4_session_options>(options, MNV4_SESSION_OPTIONS_INIT, "mnv4_session_options");
  mnv4::SessionOptions out = {.threads = in.threads};
  if (in.executor != nullptr) {
    out.executor = [in](int count, const std::function<void(int)>& task) {
      in.executor(
          in.executor_context, count,
          [](void* context, int index) {
            (*static_cast<const std::function<void(int)>*>(context))(index);
          },
          const_cast<std::function<void(int)>*>(&task));
    };
  }
  return out;
}

// Checked before the run, which may be long.
void RequireRoom(const mnv4_session& session, const float* logits, size_t size, int n) {
  if (logits == nullptr && size == 0) return;
  Require(logits, "logits");
  const auto wanted =
      static_cast<size_t>(std::max(n, 0)) * static_cast<size_t>(session.model->num_classes());
  if (size != wanted) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("logits: room for {} floats, expected {}", size, wanted));
  }
}

void CopyTo(float* out, std::span<const float> logits) {
  if (out != nullptr) std::copy(logits.begin(), logits.end(), out);
}

}  // namespace

int mnv4_abi_version(void) { return MNV4_ABI_VERSION; }
const char* mnv4_version(void) { return MNV4_VERSION; }
const char* mnv4_last_error(void) { return last_error; }

mnv4_status mnv4_model_load(const char* name, const mnv4_model_options* options,
                            mnv4_model** model) {
  return Guard([&] {
    Require(name, "name");
    Require(model, "model");
    *model = new mnv4_model{mnv4::Model::Load(name, ToModelOptions(options))};
  });
}

mnv4_status mnv4_model_from_memory(const void* file, size_t size, const mnv4_model_options* options,
                                   mnv4_model** model) {
  return Guard([&] {
    Require(file, "file");
    Require(model, "model");
    const std::span bytes(static_cast<const std::byte*>(file), size);
    *model = new mnv4_model{mnv4::Model::FromMemory(bytes, ToModelOptions(options))};
  });
}

void mnv4_model_free(mnv4_model* model) { delete model; }

mnv4_status mnv4_model_get_info(const mnv4_model* model, mnv4_model_info* info) {
  return Guard([&] {
    Require(model, "model");
    Require(info, "info");
    const mnv4::Model& m = *model->model;
    mnv4_model_info known = Read<mnv4_model_info>(info, {}, "mnv4_model_info");
    known.architecture = m.architecture().c_str();
    known.num_classes = m.num_classes();
    known.num_labels = static_cast<int>(m.labels().size());
    known.input_channels = m.input_channels();
    known.input_height = m.input_height();
    known.input_width = m.input_width();
    known.random_weights = m.random_weights();
    std::copy_n(reinterpret_cast<const char*>(&known), info->struct_size,
                reinterpret_cast<char*>(info));
  });
}

mnv4_status mnv4_model_get_label(const mnv4_model* model, int index, const char** label) {
  return Guard([&] {
    Require(model, "model");
    Require(label, "label");
    const std::vector<std::string>& labels = model->model->labels();
    if (index < 0 || static_cast<size_t>(index) >= labels.size()) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("label {}: the model has {} labels", index, labels.size()));
    }
    *label = labels[static_cast<size_t>(index)].c_str();
  });
}

mnv4_status mnv4_model_save_folder(const mnv4_model* model, const char* folder) {
  return Guard([&] {
    Require(model, "model");
    Require(folder, "folder");
    model->model->SaveFolder(folder);
  });
}

mnv4_status mnv4_model_save_file(const mnv4_model* model, const char* path) {
  return Guard([&] {
    Require(model, "model");
    Require(path, "path");
    model->model->SaveFile(path);
  });
}

mnv4_status mnv4_session_open(const mnv4_model* model, const mnv4_session_options* options,
                              mnv4_session** session) {
  return Guard([&] {
    Require(model, "model");
    Require(session, "session");
    *session =
        new mnv4_session{model->model, mnv4::Session(model->model, ToSessionOptions(options))};
  });
}

void mnv4_session_free(mnv4_session* session) { delete session; }

mnv4_status mnv4_session_run(mnv4_session* session, const float* images, int n, int h, int w,
                             mnv4_layout layout, float* logits, size_t logits_size) {
  return Guard([&] {
    Require(session, "session");
    Require(images, "images");
    if (n < 1 || h < 1 || w < 1 || (layout != MNV4_NCHW && layout != MNV4_NHWC)) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("images: {} of {} x {} pixels in layout {}, expected sizes from 1 and "
                      "MNV4_NCHW or MNV4_NHWC",
                      n, h, w, static_cast<int>(layout)));
    }
    RequireRoom(*session, logits, logits_size, n);
    const size_t size = static_cast<size_t>(n) * static_cast<size_t>(h) * static_cast<size_t>(w) *
                        static_cast<size_t>(session->model->input_channels());
    CopyTo(logits, session->session.Run({images, size}, n, h, w,
                                        layout == MNV4_NHWC ? mnv4::TensorLayout::kNhwc
                                                            : mnv4::TensorLayout::kNchw));
  });
}

mnv4_status mnv4_session_run_pixels(mnv4_session* session, const uint8_t* pixels, int width,
                                    int height, int channels, ptrdiff_t stride, float* logits,
                                    size_t logits_size) {
  return Guard([&] {
    Require(session, "session");
    Require(pixels, "pixels");
    RequireRoom(*session, logits, logits_size, 1);
    CopyTo(logits, session->session.RunPixels({pixels, width, height, channels, stride}));
  });
}

mnv4_status mnv4_session_run_picture(mnv4_session* session, const void* file, size_t size,
                                     int apply_exif, float* logits, size_t logits_size) {
  return Guard([&] {
    Require(session, "session");
    Require(file, "file");
    RequireRoom(*session, logits, logits_size, 1);
    CopyTo(logits, session->session.RunPicture({static_cast<const std::byte*>(file), size},
                                               {.apply_exif = apply_exif != 0}));
  });
}

mnv4_status mnv4_session_top_k(const mnv4_session* session, int image, mnv4_class* best, int k,
                               int* count) {
  return Guard([&] {
    Require(session, "session");
    Require(best, "best");
    Require(count, "count");
    const std::vector<std::string>& labels = session->model->labels();
    const std::vector<mnv4::Classification> ranked = session->session.TopK(k, image);
    *count = 0;
    for (const mnv4::Classification& c : ranked) {
      const auto index = static_cast<size_t>(c.index);
      best[(*count)++] = {c.index, c.score,
                          index < labels.size() ? labels[index].c_str() : nullptr};
    }
  });
}

mnv4_status mnv4_session_feature_shape(const mnv4_session* session, const char* name,
                                       int shape[4]) {
  return Guard([&] {
    Require(session, "session");
    Require(name, "name");
    Require(shape, "shape");
    std::ranges::copy(session->session.FeatureShape(name), shape);
  });
}

mnv4_status mnv4_session_copy_feature(const mnv4_session* session, const char* name, float* nchw,
                                      size_t size) {
  return Guard([&] {
    Require(session, "session");
    Require(name, "name");
    Require(nchw, "nchw");
    session->session.CopyFeature(name, {nchw, size});
  });
}
