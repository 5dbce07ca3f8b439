#!/usr/bin/env python3
"""Writes tests/golden/accuracy.json: top-1, top-5 and calibration error by numpy.

Random logits of 200 pictures and 12 classes; every third picture has two right classes. The
calibration error is the definition of Guo et al. 2017, bin by bin. Run from anywhere.
"""

import json
import pathlib

import numpy as np

PICTURES, CLASSES, BINS = 200, 12, 15

random = np.random.default_rng(4)
labels = random.integers(0, CLASSES, PICTURES)
logits = random.normal(0, 2, (PICTURES, CLASSES))
logits[np.arange(PICTURES), labels] += 2.5
truths = [
    [int(label)] if i % 3 else sorted({int(label), int(random.integers(0, CLASSES))})
    for i, label in enumerate(labels)
]

probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
best = np.argsort(-logits, axis=1)[:, :5]
confidence = np.round(probabilities.max(1), 6)
right = np.array([best[i, 0] in truths[i] for i in range(PICTURES)])
right_in_top5 = np.array([bool(set(best[i]) & set(truths[i])) for i in range(PICTURES)])

edges = np.linspace(0, 1, BINS + 1)
ece = 0.0
for low, high in zip(edges[:-1], edges[1:]):
    inside = (confidence > low) & (confidence <= high)
    if inside.any():
        ece += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())

pictures = [
    {"best": best[i].tolist(), "confidence": float(confidence[i]), "labels": truths[i]}
    for i in range(PICTURES)
]
golden = {"right": int(right.sum()), "right_in_top5": int(right_in_top5.sum()), "ece": float(ece)}
lines = ",\n".join(json.dumps(picture) for picture in pictures)
path = pathlib.Path(__file__).resolve().parent.parent / "golden" / "accuracy.json"
path.write_text(json.dumps(golden)[:-1] + f', "pictures": [\n{lines}\n]}}\n')
