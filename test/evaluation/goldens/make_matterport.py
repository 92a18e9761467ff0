"""Makes matterport-metrics.json: what the metrics of mrcnn/utils.py give on edge cases and on random ones.

    git clone https://github.com/leekunhee/Mask_RCNN /tmp/Mask_RCNN && git -C /tmp/Mask_RCNN checkout 111ab9c
    python3 -m venv /tmp/m && /tmp/m/bin/pip install tensorflow-cpu==2.21.0 scikit-image==0.26.0
    /tmp/m/bin/python test/evaluation/goldens/make_matterport.py /tmp/Mask_RCNN
    npx prettier --write test/evaluation/goldens/matterport-metrics.json

Masks are filled rectangles on SIZE x SIZE pixels, `[y1, x1, y2, x2]`, [0, 0, 0, 0] for an empty one; `boxes`
only say which rows are padding. Two things are held to what the original did on numpy 1.16: `argsort` is made stable (the
sort of newer numpy orders ties by the processor), and IoU thresholds are passed as float64 (newer numpy compares
a single float32 with Python's 0.7 in float32).
"""

import contextlib
import functools
import json
import pathlib
import sys
import warnings

import numpy as np

sys.path.insert(0, sys.argv[1])
from mrcnn import utils  # noqa: E402

warnings.simplefilter("ignore", RuntimeWarning)
np.argsort = functools.partial(np.argsort, kind="stable")
SIZE = 24


def instances(rects, classes, scores=None, padding=0, boxes=None):
    boxes = [*(rects if boxes is None else boxes), *[[0, 0, 0, 0]] * padding]
    given = {"rects": rects, "boxes": boxes, "classIds": classes}
    return given if scores is None else {**given, "scores": scores}


def masks_of(rects):
    masks = np.zeros((SIZE, SIZE, len(rects)), bool)
    for i, (y1, x1, y2, x2) in enumerate(rects):
        masks[y1:y2, x1:x2, i] = True
    return masks


def columns(given):
    boxes = np.array(given["boxes"], float).reshape(-1, 4)
    return boxes, np.array(given["classIds"], int), masks_of(given["rects"])


A, B, C = [2, 2, 12, 12], [2, 12, 12, 22], [14, 2, 22, 12]
NONE = instances([], [])
NOTHING = instances([], [], [])
EDGES = {
    "no prediction": (instances([A, B], [1, 2]), NOTHING),
    "no prediction, and padding on both sides": (instances([A], [1], padding=2), instances([], [], [], padding=3)),
    "no truth": (NONE, instances([A, B], [1, 2], [0.9, 0.8])),
    "neither": (NONE, NOTHING),
    "equal scores": (instances([A, B], [1, 1]), instances([A, A, B, B], [1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])),
    "equal overlaps": (instances([A, A, A], [2, 1, 1]), instances([A, A], [1, 1], [0.9, 0.8])),
    "another class": (instances([A], [1]), instances([A], [2], [0.9])),
    "the class behind a larger overlap": (instances([[2, 2, 12, 12], [2, 2, 12, 14]], [1, 2]), instances([A], [2], [0.9])),
    "an overlap of exactly 0.5": (instances([A], [1]), instances([[2, 2, 12, 7]], [1], [0.9])),
    "an overlap of exactly 0.7": (instances([A], [1]), instances([[2, 2, 12, 9]], [1], [0.9])),
    "two empty masks": (instances([[0, 0, 0, 0]], [1], boxes=[A]), instances([[0, 0, 0, 0]], [1], [0.9], boxes=[A])),
    "an empty prediction": (instances([A], [1]), instances([[0, 0, 0, 0], A], [1, 1], [0.9, 0.8], boxes=[A, A])),
    "an empty mask of the truth behind a full one": (
        instances([A, [0, 0, 0, 0]], [1, 1], boxes=[A, B]),
        instances([[0, 0, 0, 0]], [1], [0.9], boxes=[A]),
    ),
    "a box between two of the truth": (
        instances([[2, 2, 12, 12], [2, 6, 12, 16]], [1, 1]),
        instances([[2, 4, 12, 14], [2, 6, 12, 16]], [1, 1], [0.9, 0.8]),
    ),
    "padding in the middle": (
        instances([A, B, C], [1, 2, 1], boxes=[A, [0, 0, 0, 0], C]),
        instances([A, B, C], [1, 2, 1], [0.5, 0.9, 0.7], boxes=[A, [0, 0, 0, 0], C]),
    ),
}


def random_case(rng):
    def rect():
        y, x = rng.integers(0, SIZE - 4, 2)
        return [int(y), int(x), int(rng.integers(y + 3, SIZE + 1)), int(rng.integers(x + 3, SIZE + 1))]

    truth = [rect() for _ in range(rng.integers(1, 6))]
    moved = [[max(0, v + int(rng.integers(-2, 3))) for v in r] for r in truth for _ in range(rng.integers(0, 4))]
    found = [r for r in moved if r[0] < r[2] and r[1] < r[3]] + [rect() for _ in range(rng.integers(0, 3))]
    classes = lambda count: [int(c) for c in rng.integers(1, 3, count)]  # noqa: E731
    scores = [round(float(s), 1) for s in rng.random(len(found))]
    pad = int(rng.integers(0, 3))
    return instances(truth, classes(len(truth)), padding=pad), instances(found, classes(len(found)), scores, padding=pad)


def measure(truth, predictions):
    gt = columns(truth)
    pred_boxes, pred_ids, pred_masks = columns(predictions)
    pred = pred_boxes, pred_ids, np.array(predictions["scores"], float), pred_masks
    matches = []
    for iou, score in [(0.5, 0.0), (0.7, 0.0), (0.3, 0.55), (0.3, 0.7)]:
        gt_match, pred_match, overlaps = utils.compute_matches(
            *gt, *pred, iou_threshold=np.float64(iou), score_threshold=score)
        matches.append({"iouThreshold": iou, "scoreThreshold": score, "gtMatch": gt_match.tolist(),
                        "predMatch": pred_match.tolist(), "overlaps": overlaps.ravel().tolist()})
    aps = []
    for iou in [0.5, 0.75]:
        ap, precisions, recalls, _ = utils.compute_ap(*gt, *pred, iou_threshold=np.float64(iou))
        aps.append({"iouThreshold": iou, "ap": ap, "precisions": list(precisions), "recalls": list(recalls)})
    recalls = []
    for iou in [0.5, 0.65]:
        with contextlib.suppress(ValueError):  # numpy's: no largest of nothing
            recall, positive = utils.compute_recall(
                np.array(predictions["rects"], float).reshape(-1, 4), np.array(truth["rects"], float).reshape(-1, 4), iou)
            recalls.append({"iou": iou, "recall": recall, "positiveIds": positive.tolist()})
    return {"matches": matches, "ap": aps, "apRange": utils.compute_ap_range(*gt, *pred, verbose=0), "recall": recalls}


def plain(value):
    """JSON has no NaN: null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value


rng = np.random.default_rng(5)
cases = [*EDGES.items(), *((f"random {i + 1}", random_case(rng)) for i in range(10))]
golden = {
    "madeBy": "test/evaluation/goldens/make_matterport.py (leekunhee/Mask_RCNN 111ab9c, numpy " + np.__version__ + ")",
    "size": SIZE,
    "cases": [plain({"name": n, "truth": t, "predictions": p, **measure(t, p)}) for n, (t, p) in cases],
}
path = pathlib.Path(__file__).with_name("matterport-metrics.json")
path.write_text(json.dumps(golden))
