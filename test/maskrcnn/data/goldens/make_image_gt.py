"""Writes image-gt.json: what Dataset and load_image_gt of the reference give for a data set of two sources
(the original at 3deaec5; scikit-image 0.26.0, numpy 2.2).

    python test/maskrcnn/data/goldens/make_image_gt.py <checkout of the reference> > test/maskrcnn/data/goldens/image-gt.json
"""
import ast
import hashlib
import json
import logging
import os
import random
import sys
import types
import warnings

import numpy as np
import scipy.ndimage
import skimage.transform

reference = sys.argv[1]


def resize(image, output_shape, **options):
    """skimage 0.16 resized bools as numbers."""
    options.setdefault("mode", "constant")
    options.setdefault("anti_aliasing", False)
    return skimage.transform.resize(np.asarray(image, dtype=float) if image.dtype == bool else image, output_shape, **options)


def functions(name, wanted, scope):
    """Only these definitions: the module itself wants TensorFlow."""
    tree = ast.parse(open(os.path.join(reference, "mrcnn", name)).read())
    tree.body = [node for node in tree.body if getattr(node, "name", None) in wanted]
    exec(compile(tree, name, "exec"), scope)
    return scope


warnings.simplefilter("ignore")
scope = {"np": np, "skimage": skimage, "scipy": scipy, "random": random, "warnings": warnings, "logging": logging}
utils = types.SimpleNamespace(**functions(
    "utils.py", {"Dataset", "resize_image", "resize_mask", "minimize_mask", "extract_bboxes"}, scope))
scope["resize"] = resize
load_image_gt = functions("model.py", {"load_image_gt", "compose_image_meta"}, {"np": np, "utils": utils, "logging": logging})["load_image_gt"]

# (source, class of the source, box, crowd); the last one of "low" is gone after shrinking.
IMAGES = {
    "low": ("shapes", (48, 120), [(1, (4, 6, 40, 50), False), (2, (10, 60, 45, 118), True), (2, (0, 0, 30, 119), False), (1, (3, 1, 4, 2), False)]),
    "tall": ("others", (90, 61), [(7, (11, 9, 80, 55), False), (7, (50, 0, 90, 20), False)]),
    "small": ("shapes", (30, 20), [(2, (2, 3, 17, 19), False)]),
}


class Shapes(utils.Dataset):
    def load_image(self, image_id):
        height, width = self.image_info[image_id]["size"]
        return np.full((height, width, 3), 90, dtype=np.uint8)

    def load_mask(self, image_id):
        info = self.image_info[image_id]
        masks = np.zeros(info["size"] + (len(info["shapes"]),), dtype=bool)
        ids = []
        for i, (source_class, (y1, x1, y2, x2), crowd) in enumerate(info["shapes"]):
            # A box with its upper left corner cut off, so that a mask is more than its box.
            masks[y1:y2, x1:x2, i] = True
            masks[y1:(y1 + y2) // 2, x1:(x1 + x2) // 2, i] = y2 - y1 == 1
            class_id = self.map_source_class_id("{}.{}".format(info["source"], source_class))
            ids.append(-class_id if crowd else class_id)
        return masks, np.array(ids, dtype=np.int32)


dataset = Shapes()
dataset.add_class("shapes", 1, "red")
dataset.add_class("others", 7, "yellow,gold")
dataset.add_class("shapes", 2, "blue")
for name, (source, size, shapes) in IMAGES.items():
    dataset.add_image(source, name, "", size=size, shapes=shapes)
dataset.prepare()

def fingerprint(mask):
    packed = np.packbits(mask.astype(np.uint8)).tobytes()
    return "{}:{}".format(int(mask.sum()), hashlib.sha256(packed).hexdigest()[:16])


CONFIGS = [("square", 64, 64, 0), ("square", 64, 128, 0), ("pad64", 64, 128, 2), ("none", 64, 64, 0)]


def cases():
    for mode, min_dim, max_dim, min_scale in CONFIGS:
        config = types.SimpleNamespace(
            IMAGE_MIN_DIM=min_dim, IMAGE_MAX_DIM=max_dim, IMAGE_MIN_SCALE=min_scale, IMAGE_RESIZE_MODE=mode, MINI_MASK_SHAPE=(14, 14))
        for image_id in dataset.image_ids:
            for mini in (False, True):
                image, meta, ids, boxes, masks = load_image_gt(dataset, config, image_id, use_mini_mask=mini)
                yield {
                    "image": int(image_id), "mode": mode, "minDim": min_dim, "maxDim": max_dim, "minScale": min_scale, "mini": mini,
                    "meta": meta.tolist(), "class_ids": ids.tolist(), "boxes": boxes.tolist(),
                    "masks": [fingerprint(masks[..., i]) for i in range(masks.shape[-1])],
                }


print(json.dumps({
    "images": [{"id": name, "source": source, "size": size, "shapes": [list(shape) for shape in shapes]} for name, (source, size, shapes) in IMAGES.items()],
    "class_names": dataset.class_names,
    "source_class_ids": dataset.source_class_ids,
    "class_from_source_map": {key: int(value) for key, value in dataset.class_from_source_map.items()},
    "cases": list(cases()),
}))
