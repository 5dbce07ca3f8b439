"""libmnv4.so through its C API (mnv4/mnv4_c.h)."""

import ctypes
import os

import numpy as np

LIBRARY = os.environ.get("MNV4_LIBRARY", "libmnv4.so")


class ModelOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("num_classes", ctypes.c_int),
        ("in_chans", ctypes.c_int),
        ("img_size", ctypes.c_int),
        ("output_stride", ctypes.c_int),
        ("features", ctypes.c_void_p),
        ("num_features", ctypes.c_size_t),
        ("precision", ctypes.c_char_p),
    ]


class SessionOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("threads", ctypes.c_int),
        ("executor", ctypes.c_void_p),
        ("executor_context", ctypes.c_void_p),
    ]


class Library:
    def __init__(self) -> None:
        self._c = ctypes.CDLL(LIBRARY)
        self._c.mnv4_version.restype = ctypes.c_char_p
        self._c.mnv4_last_error.restype = ctypes.c_char_p

    @property
    def version(self) -> str:
        return self._c.mnv4_version().decode()

    def function(self, name: str):
        """It raises what the C function reports."""
        c_function = getattr(self._c, name)

        def call(*arguments) -> None:
            if c_function(*arguments):
                raise RuntimeError(self._c.mnv4_last_error().decode())

        return call

    def call(self, name: str, *arguments) -> None:
        self.function(name)(*arguments)


class Model:
    def __init__(self, library: Library, name: str, precision: str = "fp32") -> None:
        self.library, self._handle = library, ctypes.c_void_p()
        size = ctypes.sizeof(ModelOptions)
        options = ModelOptions(size, -1, -1, -1, -1, None, 0, precision.encode())
        library.call(
            "mnv4_model_load", name.encode(), ctypes.byref(options), ctypes.byref(self._handle)
        )

    def save_folder(self, folder: str) -> None:
        self.library.call("mnv4_model_save_folder", self._handle, folder.encode())

    def session(self, threads: int) -> "Session":
        return Session(self.library, self._handle, threads)


class Session:
    def __init__(self, library: Library, model: ctypes.c_void_p, threads: int) -> None:
        self._library, self._handle = library, ctypes.c_void_p()
        options = SessionOptions(ctypes.sizeof(SessionOptions), threads, None, None)
        library.call("mnv4_session_open", model, ctypes.byref(options), ctypes.byref(self._handle))

    def bind(self, x: np.ndarray, logits: np.ndarray):
        """A function that runs x, float32 NHWC, into logits, float32 [n, classes]. Keep all three."""
        n, h, w, _ = x.shape
        nhwc, images, out = 1, ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(logits.ctypes.data)
        size, run = ctypes.c_size_t(logits.size), self._library.function("mnv4_session_run")
        return lambda: run(self._handle, images, n, h, w, nhwc, out, size)
