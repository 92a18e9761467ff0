"""Writes goldens.json: what Python's standard libraries make of a small picture. Made with numpy 2.4.6,
scipy 1.17.1 and scikit-image 0.26.0:

    python test/augmentation/goldens/make_goldens.py
    npx prettier --write test/augmentation/goldens/goldens.json

Values are not rounded to whole numbers, so that a test sees that ours are the nearest ones.
"""

import colorsys
import json
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.exposure import adjust_gamma
from skimage.transform import AffineTransform, rotate, warp

HEIGHT, WIDTH = 9, 12
rng = np.random.default_rng(5)
pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 3))
# Black, white, grey, the primary colours and what lies between them.
pixels[0, :9] = [
    [0, 0, 0],
    [255, 255, 255],
    [77, 77, 77],
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 0],
    [0, 255, 255],
    [255, 0, 255],
]
picture = pixels.astype(np.float64)


def hue_saturation(hue, saturation):
    result = np.zeros_like(picture)
    for place in np.ndindex(HEIGHT, WIDTH):
        h, s, v = colorsys.rgb_to_hsv(*(picture[place] / 255))
        turned = ((h + hue / 360) % 1, min(s * saturation, 1), v)
        result[place] = 255 * np.array(colorsys.hsv_to_rgb(*turned))
    return result


def blur(sigma):
    return gaussian_filter(picture, (sigma, sigma, 0), mode="nearest", truncate=3)


def gamma(exponent):
    return 255 * adjust_gamma(picture / 255, exponent)


def affine(scale, shear, degrees, translate):
    """Scale, then shear, rotate and translate by shares (y, x), about the centre."""
    angle = np.deg2rad(degrees)
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[1, -np.tan(np.deg2rad(shear))], [0, 1]])
    linear = scale * turn @ lean
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = centre - linear @ centre + [translate[1] * WIDTH, translate[0] * HEIGHT]
    back = AffineTransform(matrix=np.linalg.inv(matrix))
    return warp(picture, back, order=1, mode="constant", cval=0)


def case(operation, values):
    return {"operation": operation, "pixels": np.round(values, 3).ravel().tolist()}


goldens = {
    "height": HEIGHT,
    "width": WIDTH,
    "pixels": pixels.ravel().tolist(),
    "cases": [
        *[case({"op": "gamma", "gamma": g}, gamma(g)) for g in (0.5, 1.8)],
        *[
            case({"op": "hueSaturation", "hue": h, "saturation": s}, hue_saturation(h, s))
            for h, s in ((0, 0.4), (25, 1), (-100, 1.7), (180, 0))
        ],
        *[case({"op": "gaussianBlur", "sigma": s}, blur(s)) for s in (0.4, 1.3, 5)],
        # skimage counts angles the other way round.
        case(
            {"op": "affine", "scale": 1, "shear": 0, "rotate": 20, "translate": [0, 0]},
            rotate(picture, -20, order=1, mode="constant", cval=0),
        ),
        case(
            {"op": "affine", "scale": 1.3, "shear": 15, "rotate": -40, "translate": [0.1, -0.2]},
            affine(1.3, 15, -40, (0.1, -0.2)),
        ),
    ],
}
target = Path(__file__).with_name("goldens.json")
target.write_text(json.dumps(goldens) + "\n")
