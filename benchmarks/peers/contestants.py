"""The runtimes that race, each set up as its authors advise for low latency on a CPU.

A contestant loads a network of convert.py in its constructor (folder, threads, input) and from then
on answers `run()`: one inference of that input, returning float32 logits. Constructors import
nothing heavy: `imports` are there already, so that loading is timed without Python's imports.
"""

import importlib.metadata
import json
import os
import pathlib
import subprocess

import numpy as np


class Contestant:
    label = ""  # as the report names it, before version and precision
    note = ""  # and after them
    package = ""  # of the package index; its version is reported
    format = "timm"  # of convert.py
    imports: tuple[str, ...] = ()
    precision = "fp32"  # what it computes in, read back where the runtime tells

    def version(self) -> str:
        return importlib.metadata.version(self.package)


class Ours(Contestant):
    """NHWC, as the stem reads it."""

    label, imports, wanted = "mnv4", ("ours",), "fp32"

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import ours

        self.library = ours.Library()
        self.session = ours.Model(self.library, str(folder), self.wanted).session(threads)
        self.x, self.logits = x.transpose(0, 2, 3, 1).copy(), np.empty((1, 1000), np.float32)
        self.run_bound = self.session.bind(self.x, self.logits)

    def version(self) -> str:
        return self.library.version

    def run(self) -> np.ndarray:
        self.run_bound()
        return self.logits


class OursAgain(Ours):
    """The same in a second process: what it seems to gain or lose is the error of the race."""

    note = "again (A/A)"


class Ours16Bits(Ours):
    """Elsewhere than on a CPU with arithmetic for them, only weights have 16 bits."""

    @property
    def precision(self) -> str:
        program = pathlib.Path(os.environ["MNV4_LIBRARY"]).with_name("mnv4")
        options = ["--quiet", "--json", "--repetitions", "1", "--precision", self.wanted]
        printed = subprocess.run([program, "bench", *options], check=True, capture_output=True)
        return json.loads(printed.stdout)["model"]["precision"]


class OursBf16(Ours16Bits):
    wanted = "bf16"


class OursFp16(Ours16Bits):
    wanted = "fp16"


class OnnxRuntime(Contestant):
    label, package, imports = "ONNX Runtime", "onnxruntime", ("onnxruntime",)
    format = "onnx"

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        self.session = ort.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.binding = self.session.io_binding()  # spares a lookup and a copy in each run
        self.binding.bind_cpu_input(self.session.get_inputs()[0].name, x)
        self.binding.bind_output(self.session.get_outputs()[0].name)

    def run(self) -> np.ndarray:
        self.session.run_with_iobinding(self.binding)
        return self.binding.copy_outputs_to_cpu()[0]


class OpenVino(Contestant):
    label, package, imports = "OpenVINO", "openvino", ("openvino",)
    format = "onnx"
    hints = {"INFERENCE_PRECISION_HINT": "f32"}

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import openvino

        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, **self.hints}
        model = openvino.Core().compile_model(folder / "model.onnx", "CPU", config)
        used = model.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self.precision = {"f32": "fp32", "f16": "fp16"}.get(used, used)
        self.request = model.create_infer_request()
        self.request.set_input_tensor(openvino.Tensor(x, shared_memory=True))

    def run(self) -> np.ndarray:
        return self.request.infer(share_outputs=True)[0]


class OpenVinoDefault(OpenVino):
    """In the precision it chooses itself: bf16 where the CPU has instructions for it."""

    note, hints = "its default", {}


class LiteRt(Contestant):
    """XNNPACK, which it uses by itself. The converted model takes NHWC."""

    label, package = "LiteRT", "ai-edge-litert"
    format, imports = "tflite", ("ai_edge_litert.interpreter",)

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.net = Interpreter(str(folder / "model.tflite"), num_threads=threads)
        self.net.allocate_tensors()
        self.output = self.net.get_output_details()[0]["index"]
        input_index = self.net.get_input_details()[0]["index"]
        self.net.set_tensor(input_index, np.ascontiguousarray(x.transpose(0, 2, 3, 1)))

    def run(self) -> np.ndarray:
        self.net.invoke()
        return self.net.get_tensor(self.output)


class Ncnn(Contestant):
    label, package, imports = "ncnn", "ncnn", ("ncnn",)
    format = "ncnn"
    options = {"use_fp16_packed": False, "use_fp16_storage": False, "use_fp16_arithmetic": False}

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import ncnn

        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        self.net.opt.lightmode = True
        self.net.opt.use_packing_layout = True
        self.net.opt.use_winograd_convolution = True
        self.net.opt.use_sgemm_convolution = True
        for name, value in self.options.items():
            setattr(self.net.opt, name, value)
        for load, file in [
            (self.net.load_param, "model.ncnn.param"),
            (self.net.load_model, "model.ncnn.bin"),
        ]:
            if load(str(folder / file)) != 0:
                raise RuntimeError(f"{file}: ncnn does not load it")
        self.x = ncnn.Mat(x[0])

    def run(self) -> np.ndarray:
        with self.net.create_extractor() as extractor:
            extractor.input("in0", self.x)
            status, out = extractor.extract("out0")
            if status != 0:
                raise RuntimeError(f"ncnn: extract returned {status}")
            return np.array(out).reshape(1, -1)


class NcnnBf16(Ncnn):
    precision = "bf16"
    options = {"use_bf16_storage": True, "use_bf16_packed": True}


class TorchEager(Contestant):
    label, note, package, imports = "PyTorch", "eager", "torch", ("torch", "timm")

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import timm
        import torch

        torch.set_num_threads(threads)
        self.inference_mode = torch.inference_mode
        self.model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
        self.model.to(memory_format=torch.channels_last)
        self.x = torch.from_numpy(x).to(memory_format=torch.channels_last)

    def run(self) -> np.ndarray:
        with self.inference_mode():
            return self.model(self.x).numpy()


class TorchCompiled(TorchEager):
    """Inductor, with weights frozen into the code. The first run compiles."""

    note, imports = "compiled", ("torch", "timm", "torch._inductor.config")

    def __init__(self, folder: pathlib.Path, threads: int, x: np.ndarray) -> None:
        import torch
        import torch._inductor.config

        super().__init__(folder, threads, x)
        torch._inductor.config.freezing = True
        self.model = torch.compile(self.model)


# Name on the command line -> contestant, in the order of the report. fp32 first, then 16 bits.
CONTESTANTS: dict[str, type[Contestant]] = {
    "ours": Ours,
    "again": OursAgain,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "litert": LiteRt,
    "ncnn": Ncnn,
    "torch": TorchCompiled,
    "torch-eager": TorchEager,
    "ours-bf16": OursBf16,
    "ours-fp16": OursFp16,
    "openvino-default": OpenVinoDefault,
    "ncnn-bf16": NcnnBf16,
}
