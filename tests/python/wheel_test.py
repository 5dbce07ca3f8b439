"""The installed wheel against the program: wheel_test.py MNV4 SOURCE_DIRECTORY"""

import ast
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import mnv4

PROGRAM, SOURCE = sys.argv[1], Path(sys.argv[2])
MODEL = SOURCE / "mnv4/cli/default_model.safetensors"
PICTURES = SOURCE / "tests/golden/images"
PICTURE = PICTURES / "420.jpg"


def run_program(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True, text=True)
    return done.stdout


def program_logits(tensor):
    """What `mnv4 run` gives for a float array."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", tensor)
        run_program("run", "-m", MODEL, "--input", f"{folder}/x.npy", "-o", f"{folder}/y.npy")
        return np.load(f"{folder}/y.npy")


def preprocessed(picture):
    with tempfile.TemporaryDirectory() as folder:
        run_program("preprocess", "-m", MODEL, picture, "-o", f"{folder}/x.npy")
        return np.load(f"{folder}/x.npy")


def random_pixels(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def logits_in_child(pixels):
    return inherited(pixels)


class WheelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = mnv4.load(MODEL)

    def same(self, actual, expected):
        self.assertEqual(actual.dtype, np.float32)
        np.testing.assert_array_equal(actual, expected)

    def test_tensors_give_the_programs_logits(self):
        tensor = np.random.default_rng(1).standard_normal((3, 3, 96, 128), dtype=np.float32)
        expected = program_logits(tensor)
        self.assertEqual(expected.shape, (3, 100))
        self.same(self.model(tensor), expected)
        self.same(self.model(tensor.astype(np.float64)), expected)
        self.same(self.model(np.asfortranarray(tensor)), expected)

    def test_pictures_give_the_programs_logits(self):
        for name in ["420.jpg", "cmyk.jpg", "orientation6.jpg", "type6_depth8.png"]:
            picture = PICTURES / name
            expected = program_logits(preprocessed(picture)).reshape(-1)
            self.same(self.model(picture), expected)
            self.same(self.model(str(picture)), expected)
            data = picture.read_bytes()
            for file in (data, bytearray(data), memoryview(data)):
                self.same(self.model(file), expected)

    def test_pil_pictures_and_pixels_give_the_files_logits(self):
        picture = Image.open(PICTURE)
        expected = self.model(PICTURE)
        self.same(self.model(picture), expected)
        self.same(self.model(np.asarray(picture)), expected)
        grey = Image.open(PICTURES / "grey.jpg")
        self.same(self.model(grey), self.model(grey.convert("RGB")))

    def test_exif_is_followed_in_files_only(self):
        picture = PICTURES / "orientation6.jpg"
        as_stored = self.model(Image.open(picture))
        self.same(self.model(picture, exif=False), as_stored)
        self.assertFalse(np.array_equal(self.model(picture), as_stored))

    def test_pixels_may_have_any_strides(self):
        pixels = random_pixels(70, 90)
        expected = self.model(pixels)
        wide = np.zeros((70, 200, 3), np.uint8)
        wide[:, 20:110] = pixels
        self.same(self.model(wide[:, 20:110]), expected)
        self.same(self.model(np.asfortranarray(pixels)), expected)
        self.same(self.model(pixels[::-1, ::-1][::-1, ::-1]), expected)
        self.same(self.model(np.ascontiguousarray(pixels[::-1])[::-1]), expected)

    def test_read_only_arrays_are_fine(self):
        pixels = random_pixels(64, 64)
        expected = self.model(pixels)
        pixels.flags.writeable = False
        self.same(self.model(pixels), expected)

    def test_classifies_as_the_program(self):
        line = json.loads(run_program("classify", "-m", MODEL, "--json", "-k", 5, PICTURE))
        best = self.model.classify(PICTURE, k=5)
        self.assertEqual([b.label for b in best], [b["label"] for b in line["topk"]])
        self.assertEqual([b.index for b in best], [b["index"] for b in line["topk"]])
        np.testing.assert_allclose(
            [b.score for b in best], [b["score"] for b in line["topk"]], rtol=1e-5
        )

    def test_the_default_model_is_inside(self):
        self.same(mnv4.load()(PICTURE), self.model(PICTURE))

    def test_loads_from_memory(self):
        # The bytes have no other owner than the model.
        model = mnv4.load(MODEL.read_bytes()).session()
        self.same(model(PICTURE), self.model(PICTURE))

    def test_knows_what_it_is(self):
        self.assertEqual(self.model.architecture, "mobilenetv4_conv_small")
        self.assertEqual(self.model.num_classes, 100)
        self.assertEqual(len(self.model.labels), 100)
        self.assertEqual(self.model.input_size[0], 3)
        self.assertFalse(self.model.random_weights)
        self.assertIn(mnv4.__version__, run_program("version"))

    def test_takes_a_precision(self):
        image = np.zeros((1, 3, 64, 64), np.float32)
        exact = mnv4.load("conv_small_035")(image)
        fast = mnv4.load("conv_small_035", precision="auto")(image)
        np.testing.assert_allclose(fast, exact, atol=0.05 * max(1, np.abs(exact).max()))
        with self.assertRaisesRegex(mnv4.Error, "precision 'fp8'"):
            mnv4.load("conv_small_035", precision="fp8")

    def test_gives_features_by_name(self):
        model = mnv4.load("conv_small", features=["C3", "pre_logits"], num_classes=7)
        features = model.features(np.zeros((2, 3, 64, 96), np.float32))
        self.assertEqual(features["C3"].shape, (2, 64, 8, 12))
        self.assertEqual(features["pre_logits"].shape[0], 2)

    def test_saves(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ["one.safetensors", "many"]:
                self.model.save(Path(folder) / name)
                self.same(mnv4.load(f"{folder}/{name}")(PICTURE), self.model(PICTURE))

    def test_errors_have_one_line(self):
        with self.assertRaisesRegex(mnv4.Error, "no_such_model"):
            mnv4.load("no_such_model")
        with self.assertRaises(mnv4.Error):
            self.model(b"not a picture")
        with self.assertRaises(FileNotFoundError):
            self.model("no_such_picture.jpg")
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(b"\xff\xd8\xff nothing more")
            file.flush()
            with self.assertRaisesRegex(mnv4.Error, Path(file.name).name):
                self.model(file.name)
        with self.assertRaisesRegex(mnv4.Error, "expected 3"):
            self.model(np.zeros((1, 4, 64, 64), np.float32))
        for wrong in [np.zeros((3, 64, 64), np.float32), np.zeros((4, 4), np.int32), 3.5]:
            with self.assertRaises(TypeError):
                self.model(wrong)

    def test_other_python_threads_run_meanwhile(self):
        large = np.zeros((8, 3, 384, 384), np.float32)
        model = self.model.session(threads=1)
        model(large)
        running, seen = threading.Event(), []
        ticks = 0

        def run():
            running.set()
            start = ticks
            model(large)
            seen.append(ticks - start)

        thread = threading.Thread(target=run)
        thread.start()
        running.wait()
        while thread.is_alive():
            ticks += 1
        thread.join()
        # With the interpreter locked, at most the switches around the call would count.
        self.assertGreater(seen[0], 1000)

    def test_threads_share_weights(self):
        pixels = random_pixels(80, 80)
        expected = self.model(pixels)
        results = [None] * 8

        def run(i):
            model = self.model if i % 2 else self.model.session()
            results[i] = model(pixels)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(results))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            self.same(result, expected)

    def test_forked_workers_use_their_parents_model(self):
        global inherited
        inherited = mnv4.load(MODEL, threads=2)
        pixels = random_pixels(80, 80)
        expected = inherited(pixels)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for result in pool.map_async(logits_in_child, [pixels] * 4).get(timeout=120):
                self.same(result, expected)

    def test_is_typed(self):
        package = Path(mnv4.__file__).parent
        self.assertTrue((package / "py.typed").exists())
        stub = ast.parse((package / "_core.pyi").read_text())
        names = {node.name for node in stub.body if hasattr(node, "name")}
        self.assertLessEqual({"Model", "Session", "load", "from_memory", "Error"}, names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
