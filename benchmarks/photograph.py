"""A picture that compresses as a photograph does, for the races."""

import numpy as np
from PIL import Image


def photograph_like(width, height, layers):
    """Blobs: `layers` has how many lie along the width, and how strong they are."""
    rng = np.random.default_rng(0)
    total = np.full((height, width, 3), 128, np.float32)
    for cells, strength in layers:
        noise = rng.normal(size=(cells * 3 // 4 + 2, cells + 2, 3)).astype(np.float32)
        for c in range(3):
            layer = Image.fromarray(noise[..., c]).resize((width, height), Image.Resampling.BICUBIC)
            total[..., c] += strength * np.asarray(layer)
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))
