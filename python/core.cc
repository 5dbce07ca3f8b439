// _core: mnv4.h for numpy. What pictures may be, and locking, is the business of mnv4/__init__.py.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <functional>
#include <initializer_list>
#include <numeric>
#include <tuple>

#include "mnv4/mnv4.h"
#include "mnv4/mnv4_c.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Floats = nb::ndarray<nb::numpy, float>;
using Tensor = nb::ndarray<const float, nb::ndim<4>, nb::c_contig, nb::device::cpu>;
using Pixels = nb::ndarray<const uint8_t, nb::ndim<3>, nb::device::cpu>;
using File = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// A new array, and its memory for C++ to fill.
std::pair<Floats, std::span<float>> NewArray(std::initializer_list<size_t> shape) {
  const size_t size = std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
  auto* data = new float[size];
  const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return {Floats(data, shape, owner), {data, size}};
}

struct Model {
  std::shared_ptr<const mnv4::Model> model;
};

mnv4::ModelOptions Options(std::optional<int> num_classes, std::optional<int> in_chans,
                           std::optional<int> img_size, std::optional<int> output_stride,
                           std::vector<std::string> features, std::string precision,
                           bool packed_cache) {
  return {.num_classes = num_classes,
          .in_chans = in_chans,
          .img_size = img_size,
          .output_stride = output_stride,
          .features = std::move(features),
          .precision = std::move(precision),
          .packed_cache = packed_cache};
}

Model Load(const std::string& name, std::optional<int> num_classes, std::optional<int> in_chans,
           std::optional<int> img_size, std::optional<int> output_stride,
           std::vector<std::string> features, std::string precision, bool packed_cache) {
  const nb::gil_scoped_release release;
  return {
      mnv4::Model::Load(name, Options(num_classes, in_chans, img_size, output_stride,
                                      std::move(features), std::move(precision), packed_cache))};
}

Model FromMemory(const nb::bytes& file, std::optional<int> num_classes, std::optional<int> in_chans,
                 std::optional<int> img_size, std::optional<int> output_stride,
                 std::vector<std::string> features, std::string precision, bool packed_cache) {
  const std::span bytes(static_cast<const std::byte*>(file.data()), file.size());
  const nb::gil_scoped_release release;
  return {mnv4::Model::FromMemory(
      bytes, Options(num_classes, in_chans, img_size, output_stride, std::move(features),
                     std::move(precision), packed_cache))};
}

class Session {
 public:
  Session(const Model& model, int threads)
      : model_(model.model), session_(model.model, {.threads = threads}) {}

  Floats RunTensor(const Tensor& images) {
    auto [array, logits] = NewArray({images.shape(0), Classes()});
    if (static_cast<int>(images.shape(1)) != model_->input_channels()) {
      throw mnv4::Error(mnv4::ErrorCode::kInvalidArgument,
                        "images: " + std::to_string(images.shape(1)) + " channels, expected " +
                            std::to_string(model_->input_channels()) + " (n c h w)");
    }
    const nb::gil_scoped_release release;
    session_.Run({images.data(), images.size()}, static_cast<int>(images.shape(0)),
                 static_cast<int>(images.shape(2)), static_cast<int>(images.shape(3)),
                 mnv4::TensorLayout::kNchw, logits);
    return array;
  }

  // Rows may have any stride; pixels follow each other.
  Floats RunPixels(const Pixels& pixels) {
    auto [array, logits] = NewArray({Classes()});
    const mnv4::ImageView view = {
        pixels.data(), static_cast<int>(pixels.shape(1)), static_cast<int>(pixels.shape(0)),
        static_cast<int>(pixels.shape(2)), static_cast<ptrdiff_t>(pixels.stride(0))};
    const nb::gil_scoped_release release;
    std::ranges::copy(session_.RunPixels(view), logits.begin());
    return array;
  }

  Floats RunFile(const File& file, bool exif) {
    auto [array, logits] = NewArray({Classes()});
    const nb::gil_scoped_release release;
    std::ranges::copy(session_.RunPicture(std::as_bytes(std::span(file.data(), file.size())),
                                          {.apply_exif = exif}),
                      logits.begin());
    return array;
  }

  std::vector<std::tuple<int, std::string, float>> TopK(int k, int image) const {
    std::vector<std::tuple<int, std::string, float>> best;
    for (const mnv4::Classification& c : session_.TopK(k, image)) {
      best.emplace_back(c.index, c.label, c.score);
    }
    return best;
  }

  Floats Feature(const std::string& name) const {
    const std::vector<int> shape = session_.FeatureShape(name);
    const auto side = [&](size_t i) { return static_cast<size_t>(shape[i]); };
    auto [array, values] = NewArray({side(0), side(1), side(2), side(3)});
    session_.CopyFeature(name, values);
    return array;
  }

 private:
  size_t Classes() const { return static_cast<size_t>(model_->num_classes()); }

  std::shared_ptr<const mnv4::Model> model_;
  mnv4::Session session_;
};

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "The C++ side of the mnv4 package. Not for direct use: sessions here do not lock.";
  m.attr("version") = mnv4_version();
  nb::exception<mnv4::Error>(m, "Error", PyExc_RuntimeError);

  nb::class_<Model>(m, "Model")
      .def_prop_ro("architecture", [](const Model& self) { return self.model->architecture(); })
      .def_prop_ro("labels", [](const Model& self) { return self.model->labels(); })
      .def_prop_ro("num_classes", [](const Model& self) { return self.model->num_classes(); })
      .def_prop_ro("input_channels", [](const Model& self) { return self.model->input_channels(); })
      .def_prop_ro("input_height", [](const Model& self) { return self.model->input_height(); })
      .def_prop_ro("input_width", [](const Model& self) { return self.model->input_width(); })
      .def_prop_ro("random_weights", [](const Model& self) { return self.model->random_weights(); })
      .def(
          "save_folder",
          [](const Model& self, const std::string& folder) { self.model->SaveFolder(folder); },
          "folder"_a)
      .def(
          "save_file",
          [](const Model& self, const std::string& path) { self.model->SaveFile(path); }, "path"_a);
  m.def("load", &Load, "name"_a, "num_classes"_a.none(), "in_chans"_a.none(), "img_size"_a.none(),
        "output_stride"_a.none(), "features"_a, "precision"_a, "packed_cache"_a);
  m.def("from_memory", &FromMemory, "file"_a, "num_classes"_a.none(), "in_chans"_a.none(),
        "img_size"_a.none(), "output_stride"_a.none(), "features"_a, "precision"_a,
        "packed_cache"_a, nb::keep_alive<0, 1>());

  // A session's C++ model may point into the bytes that the Python model keeps alive.
  nb::class_<Session>(m, "Session")
      .def(nb::init<const Model&, int>(), "model"_a, "threads"_a, nb::keep_alive<1, 2>())
      .def("run_tensor", &Session::RunTensor, "images"_a.noconvert())
      .def("run_pixels", &Session::RunPixels, "pixels"_a.noconvert())
      .def("run_file", &Session::RunFile, "file"_a.noconvert(), "exif"_a)
      .def("top_k", &Session::TopK, "k"_a, "image"_a)
      .def("feature", &Session::Feature, "name"_a);
}
