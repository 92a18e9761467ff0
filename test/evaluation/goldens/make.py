"""Makes isic-scores.json: what isic-challenge-scoring gives on masks that a formula describes.

    python3 -m venv /tmp/isic && /tmp/isic/bin/pip install isic-challenge-scoring==5.6.0
    /tmp/isic/bin/python test/evaluation/goldens/make.py

The masks are written as PNG files and scored by the package's own `SegmentationScore.from_dir`, one folder
an image for its scores and one folder with all of them for the means. A mask is constant, or has its `first`
pixels white, or is a disk with a wavy edge, in grey values around the cut at 128 so that binarising is checked too:
grey(y, x) = clip(round(128 + 100 * (r - d)), 0, 255), d the distance to the centre over `radius`, and
r = 1 + 0.2 * sin(waves * angle). `test/evaluation/isic-scores.test.ts` draws the same masks.
"""

import json
import math
import pathlib
import tempfile

import numpy as np
from isic_challenge_scoring.segmentation import SegmentationScore
from PIL import Image

WIDTH, HEIGHT = 48, 36


def wavy(cy, cx, radius, waves):
    return {"cy": cy, "cx": cx, "radius": radius, "waves": waves}


CASES = {
    "near": (wavy(18, 24, 12, 5), wavy(18.5, 24.5, 12, 5)),
    "just-above-threshold": (wavy(18, 24, 12, 3), wavy(18, 25.5, 12.5, 4)),
    "just-below-threshold": (wavy(18, 24, 12, 3), wavy(18, 26, 12.5, 4)),
    "apart": (wavy(10, 10, 8, 2), wavy(24, 36, 9, 7)),
    "both-empty": ({"grey": 0}, {"grey": 0}),
    "prediction-empty": ({"grey": 0}, wavy(18, 24, 12, 5)),
    "truth-empty": (wavy(18, 24, 12, 5), {"grey": 0}),
    "both-full": ({"grey": 255}, {"grey": 255}),
    "truth-full": (wavy(18, 24, 12, 5), {"grey": 255}),
    "at-threshold": ({"first": 650}, {"first": 1000}),
    "cut": ({"grey": 128}, {"grey": 129}),
}


def draw(mask):
    if "grey" in mask:
        return np.full((HEIGHT, WIDTH), mask["grey"], np.uint8)
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    if "first" in mask:
        out.ravel()[: mask["first"]] = 255
        return out
    for y in range(HEIGHT):
        for x in range(WIDTH):
            dy, dx = y - mask["cy"], x - mask["cx"]
            edge = 1 + 0.2 * math.sin(mask["waves"] * math.atan2(dy, dx))
            value = 128 + 100 * (edge - math.hypot(dy, dx) / mask["radius"])
            out[y, x] = min(255, max(0, math.floor(value + 0.5)))
    return out


def score(pairs):
    with tempfile.TemporaryDirectory() as folder:
        truth_folder = pathlib.Path(folder, "truth")
        prediction_folder = pathlib.Path(folder, "prediction")
        truth_folder.mkdir()
        prediction_folder.mkdir()
        for number, (prediction, truth) in enumerate(pairs):
            name = f"ISIC_{number:07d}"
            Image.fromarray(draw(truth)).save(truth_folder / f"{name}_segmentation.png")
            Image.fromarray(draw(prediction)).save(prediction_folder / f"{name}.png")
        means = SegmentationScore.from_dir(truth_folder, prediction_folder).to_dict()["macro_average"]
    return {name: float(value) for name, value in means.items()}


golden = {
    "madeBy": "python3 test/evaluation/goldens/make.py (isic-challenge-scoring 5.6.0)",
    "width": WIDTH,
    "height": HEIGHT,
    "cases": [
        {"name": name, "prediction": p, "truth": t, "scores": score([(p, t)])}
        for name, (p, t) in CASES.items()
    ],
    "means": score(CASES.values()),
}
path = pathlib.Path(__file__).with_name("isic-scores.json")
path.write_text(json.dumps(golden, indent=2) + "\n")
