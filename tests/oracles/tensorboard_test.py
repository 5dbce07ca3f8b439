"""Does TensorBoard read the event files that a training run writes?

    tensorboard_test.py path/to/build

mnv4_write_events writes those of a run that was killed and resumed; TensorBoard's own reader must
find every value once, that of the resumed part where both have one. Exits with 1 if anything differs.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from tensorboard.backend.event_processing import event_accumulator, event_file_loader


def differences(folder):
    """What TensorBoard reads otherwise than it was written, a line each."""
    found = []
    accumulator = event_accumulator.EventAccumulator(str(folder))
    accumulator.Reload()
    steps = range(0, 61, 10)
    expected = {
        "train/loss": [(s, np.float32((7 if s < 30 else 5) / (s + 1))) for s in steps],
        "lr": [(s, np.float32(1e-3 * s)) for s in steps],
    }
    for tag, values in expected.items():
        read = [(e.step, np.float32(e.value)) for e in accumulator.Scalars(tag)]
        if read != values:
            found.append(f"{tag}: {read}, expected {values}")
    texts = [e.tensor_proto.string_val[0] for e in accumulator.Tensors("recipe")]
    if texts != [b"lr: 0.004\nmodel: conv_small"]:
        found.append(f"recipe: {texts}")

    events = 0
    for path in sorted(pathlib.Path(folder).iterdir()):
        events += len(list(event_file_loader.EventFileLoader(str(path)).Load()))
    if events != (1 + 1 + 5) + (1 + 1 + 4):
        found.append(f"{events} events")
    return found


def main():
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([build / "tests/oracles/mnv4_write_events", folder], check=True)
        found = differences(folder)
    for line in found:
        print(f"tensorboard: {line}")
    print(f"tensorboard: event files {'differ' if found else 'are read as they were written'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
