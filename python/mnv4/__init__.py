"""MobileNetV4 networks, exact to timm, on numpy arrays.

    import mnv4
    model = mnv4.load("models/conv_small")  # a timm / Hugging Face folder; nothing: a small model
    logits = model("cat.jpg")               # or PIL pictures, bytes, uint8 pixels, float tensors
    for best in model.classify("cat.jpg"):
        print(f"{best.score:.1%} {best.label}")
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, NamedTuple, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import Error

__all__ = ["Classification", "Error", "Model", "__version__", "load"]

__version__: str = _core.version

# A path, the bytes of a picture file, a PIL picture, uint8 pixels [h, w, c] (or [h, w]), or
# normalised float pictures [n, c, h, w].
Image = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, npt.NDArray[Any], Any]


class Classification(NamedTuple):
    """One class of a picture."""

    index: int
    label: str  #: the index as text if the model carries no labels
    score: float  #: probability


class Model:
    """A network ready to run. Made by load().

    Calls from several threads wait for each other; `session` gives each thread its own, with the
    weights shared. The interpreter is free to run other threads while a network runs.
    """

    def __init__(self, core: _core.Model, features: Sequence[str], threads: int) -> None:
        self._core = core
        self._features = tuple(features)
        self._session = _core.Session(core, threads)
        self._lock = threading.Lock()

    @property
    def architecture(self) -> str:
        """timm's name: "mobilenetv4_conv_small"."""
        return self._core.architecture

    @property
    def labels(self) -> list[str]:
        """By class index; empty if the model carries none."""
        return self._core.labels

    @property
    def num_classes(self) -> int:
        """Logits of a picture."""
        return self._core.num_classes

    @property
    def input_size(self) -> tuple[int, int, int]:
        """(channels, height, width) of preprocessed pictures."""
        return self._core.input_channels, self._core.input_height, self._core.input_width

    @property
    def random_weights(self) -> bool:
        """A zoo name without a file: good for timing only."""
        return self._core.random_weights

    def __call__(self, image: Image, *, exif: bool = True) -> npt.NDArray[np.float32]:
        """The logits: [num_classes] for a picture, [n, num_classes] for float pictures.

        Files are turned as their EXIF orientation says, unless `exif` is False (timm's way). PIL
        pictures and arrays are taken as they are.
        """
        with self._lock:
            return self._run(image, exif)

    def classify(self, image: Image, k: int = 5, *, exif: bool = True) -> list[Classification]:
        """The k best classes of one picture, best first."""
        with self._lock:
            self._run(image, exif)
            return [Classification(*best) for best in self._session.top_k(k, 0)]

    def features(self, image: Image, *, exif: bool = True) -> dict[str, npt.NDArray[np.float32]]:
        """The features named when loading, [n, c, h, w] each."""
        with self._lock:
            self._run(image, exif)
            return {name: self._session.feature(name) for name in self._features}

    def session(self, threads: int = 1) -> Model:
        """Another Model on the same weights, for another Python thread."""
        return Model(self._core, self._features, threads)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes one file if `path` ends in .safetensors, else a folder that timm loads."""
        path = os.fspath(path)
        if path.endswith(".safetensors"):
            self._core.save_file(path)
        else:
            self._core.save_folder(path)

    def _run(self, image: Image, exif: bool) -> npt.NDArray[np.float32]:
        if isinstance(image, (str, os.PathLike)):
            try:
                return self._session.run_file(Path(image).read_bytes(), exif)
            except Error as error:
                raise Error(f"{os.fspath(image)}: {error}") from None
        if isinstance(image, (bytes, bytearray, memoryview)):
            return self._session.run_file(image, exif)
        if hasattr(image, "convert"):  # PIL, without importing it
            mode = "L" if self._core.input_channels == 1 else "RGB"
            image = image if image.mode == mode else image.convert(mode)
        array = np.asarray(image)
        if array.dtype == np.uint8 and array.ndim in (2, 3):
            if array.ndim == 2:
                array = array[:, :, np.newaxis]
            if array.strides[1:] != (array.shape[2], 1):
                array = np.ascontiguousarray(array)
            return self._session.run_pixels(array)
        if np.issubdtype(array.dtype, np.floating) and array.ndim == 4:
            return self._session.run_tensor(np.ascontiguousarray(array, dtype=np.float32))
        raise TypeError(
            f"image: {array.dtype} array of shape {list(array.shape)}, expected a path, bytes, a PIL"
            " picture, uint8 pixels [h, w, c] or float pictures [n, c, h, w]"
        )


def load(
    model: Union[str, "os.PathLike[str]", bytes, None] = None,
    *,
    threads: int = 0,
    num_classes: Optional[int] = None,
    in_chans: Optional[int] = None,
    img_size: Optional[int] = None,
    output_stride: Optional[int] = None,
    features: Sequence[str] = (),
    precision: str = "fp32",
    packed_cache: bool = False,
) -> Model:
    """Loads a model.

    `model`: a timm / Hugging Face folder, a .safetensors file or its bytes, a network text file, a
    zoo name ("conv_small": deterministic random weights) or "hf-hub:timm/..." found in the cache on
    disk. Without it, the small model of 100 objects that comes with the package.
    `threads`: 0 is $MNV4_NUM_THREADS, else every CPU this process may use.
    `num_classes` and so on: timm's create_model arguments. `features`: what `Model.features` is to
    give, "C1".."C5", "pre_logits". `precision`: "fp32", "bf16", "fp16", or "auto", the fastest
    this CPU has; if it cannot multiply 16 bits, weights are stored in them and computed with in
    fp32 (never by "auto"). `packed_cache`: keeps packed weights in $MNV4_HOME/packed, else the
    user's cache folder, so that the first run of later processes is faster.
    """
    if model is None:
        model = Path(__file__).with_name("default_model.safetensors")
    options = (num_classes, in_chans, img_size, output_stride, list(features), precision)
    options += (packed_cache,)
    if isinstance(model, bytes):
        core = _core.from_memory(model, *options)
    else:
        core = _core.load(os.fspath(model), *options)
    return Model(core, features, threads)
