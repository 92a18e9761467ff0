"""Writes outlines.json: what scikit-image draws (made with scikit-image 0.26.0, numpy 2.2).

    python test/maskrcnn/data/goldens/make_outlines.py > test/maskrcnn/data/goldens/outlines.json
"""
import json
import math

import numpy as np
from skimage import draw

HEIGHT, WIDTH = 23, 31
random = np.random.RandomState(41)


def packed(rows, columns):
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[rows, columns] = 1
    return np.packbits(mask).tobytes().hex()


def polygons():
    for count in range(36):
        corners = random.randint(3, 12)
        # Some reach out of the image; every other one has whole-numbered corners.
        points = random.uniform(-6, [HEIGHT + 6, WIDTH + 6], (corners, 2))
        points = np.round(points) if count % 2 else np.round(points, 3)
        rows, columns = draw.polygon(points[:, 0], points[:, 1], (HEIGHT, WIDTH))
        yield {"corners": points.tolist(), "mask": packed(rows, columns)}
    for points in ([[3, 4]], [[2, 2], [8, 20]], [[2, 2], [2, 9], [2, 15]], [[0, 0], [0, 30], [22, 30], [22, 0]]):
        r, c = np.array(points, dtype=float).T
        yield {"corners": points, "mask": packed(*draw.polygon(r, c, (HEIGHT, WIDTH)))}


def ellipses():
    for _ in range(12):
        y, x = np.round(random.uniform(0, [HEIGHT, WIDTH]), 2).tolist()
        ry, rx = np.round(random.uniform(1, 9, 2), 2).tolist()
        clockwise = round(float(random.uniform(-math.pi, math.pi)), 3)
        # scikit-image turns the other way round.
        drawn = draw.ellipse(y, x, ry, rx, shape=(HEIGHT, WIDTH), rotation=-clockwise)
        yield {"centre": [y, x], "radii": [ry, rx], "rotation": clockwise, "mask": packed(*drawn)}
    for radius in (1, 2.5, 4, 7):
        drawn = draw.disk((11, 12), radius, shape=(HEIGHT, WIDTH))
        yield {"centre": [11, 12], "radii": [radius, radius], "rotation": 0, "mask": packed(*drawn)}


def rectangles():
    for start, extent in (((2, 3), (5, 7)), ((0, 0), (23, 31)), ((10, 20), (1, 1)), ((15, 25), (20, 20))):
        drawn = draw.rectangle(start, extent=extent, shape=(HEIGHT, WIDTH))
        yield {"start": start, "extent": extent, "mask": packed(*drawn)}


print(json.dumps({
    "size": [HEIGHT, WIDTH],
    "polygons": list(polygons()),
    "ellipses": list(ellipses()),
    "rectangles": list(rectangles()),
}))
