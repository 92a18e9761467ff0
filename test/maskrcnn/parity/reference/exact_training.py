"""The reference's training runs once more, in float64: how far is the float32 reference from exact arithmetic?

    python exact_training.py <folder of training.json> all|heads global|variable [steps]

Needs TensorFlow 2, h5py, numpy and Pillow. Computes the network, the five losses and SGD from the formulas
(mrcnn/model.py), on the batch, RoIs and targets that the reference recorded, and prints total loss and
gradient norm of each step beside the recorded ones. Figures of one run stand in docs/parity.md.
"""
import json
import os
import re
import sys

import h5py
import numpy as np
import tensorflow as tf
from PIL import Image

FOLDER, LAYERS, CLIP = sys.argv[1:4]
STEPS = int(sys.argv[4]) if len(sys.argv) > 4 else 3
RATE, MOMENTUM, LIMIT, DECAY = 1e-3, 0.9, 5.0, 1e-4
HEADS = r"(mrcnn_|rpn_|fpn_)"

numbers = json.load(open(os.path.join(FOLDER, "training.json")))
raw = open(os.path.join(FOLDER, "training.bin"), "rb").read()


def stored(name):
    entry = numbers["tensors"][name]
    count = int(np.prod(entry["shape"]))
    values = np.frombuffer(raw, dtype=entry["dtype"], count=count, offset=entry["offset"])
    return values.reshape(entry["shape"])


def read_weights(path):
    weights = {}
    with h5py.File(path) as file:
        for layer in file:
            file[layer].visititems(
                lambda name, item: weights.update({name.split(":")[0]: item[()].astype(np.float64)})
                if isinstance(item, h5py.Dataset) else None
            )
    return {name: tf.Variable(values) for name, values in weights.items()}


W = read_weights(os.path.join(FOLDER, "mask_rcnn_r50_2class.h5"))
names = [name[:-2] for name in numbers["fed"]["gradients"]]
trained = [name for name in names if LAYERS == "all" or re.match(HEADS, name)]
pixels = np.asarray(Image.open(os.path.join(FOLDER, "inputs/ISIC_0000013.png")).convert("RGB"))
molded = pixels.astype(np.float64) - np.array([123.7, 116.8, 103.9])
image = tf.constant(molded[None].astype(np.float32).astype(np.float64))


def conv(x, layer, stride=1, padding="SAME"):
    return tf.nn.conv2d(x, W[layer + "/kernel"], stride, padding) + W[layer + "/bias"]


def norm(x, layer):
    scale = W[layer + "/gamma"] * tf.math.rsqrt(W[layer + "/moving_variance"] + 1e-3)
    return (x - W[layer + "/moving_mean"]) * scale + W[layer + "/beta"]


def backbone(x):
    x = tf.pad(x, [[0, 0], [3, 3], [3, 3], [0, 0]])
    x = tf.nn.relu(norm(conv(x, "conv1", 2, "VALID"), "bn_conv1"))
    x = tf.nn.max_pool2d(x, 3, 2, "SAME")
    levels = []
    for stage, blocks in zip("2345", [3, 4, 6, 3]):
        for block in range(blocks):
            unit = stage + chr(97 + block) + "_branch"
            stride = 2 if block == 0 and stage != "2" else 1
            y = tf.nn.relu(norm(conv(x, "res" + unit + "2a", stride), "bn" + unit + "2a"))
            y = tf.nn.relu(norm(conv(y, "res" + unit + "2b"), "bn" + unit + "2b"))
            y = norm(conv(y, "res" + unit + "2c"), "bn" + unit + "2c")
            if block == 0:
                x = norm(conv(x, "res" + unit + "1", stride), "bn" + unit + "1")
            x = tf.nn.relu(y + x)
        levels.append(x)
    return levels


def twice(x):
    return tf.repeat(tf.repeat(x, 2, 1), 2, 2)


def roi_align(levels, rois, pool):
    """One bilinear sample a bin (tf.image.crop_and_resize gives float32 only)."""
    height, width = (rois[:, 2] - rois[:, 0]), (rois[:, 3] - rois[:, 1])
    with np.errstate(divide="ignore"):
        wanted = np.log2(np.sqrt(height * width) / np.float32(224 / np.sqrt(pixels.shape[0] * pixels.shape[1])))
    level_of = np.clip(4 + np.rint(np.maximum(wanted, -100)), 2, 5).astype(int)
    result = tf.zeros([len(rois), pool, pool, 256], tf.float64)
    for level in (2, 3, 4, 5):
        rows = np.where(level_of == level)[0]
        if len(rows) == 0:
            continue
        features = levels[level - 2][0]
        side = features.shape[0]
        boxes = rois[rows].astype(np.float64) * (side - 1)
        steps = np.arange(pool)[None] / (pool - 1)
        ys = boxes[:, 0:1] + steps * (boxes[:, 2:3] - boxes[:, 0:1])
        xs = boxes[:, 1:2] + steps * (boxes[:, 3:4] - boxes[:, 1:2])
        inside = ((ys >= 0) & (ys <= side - 1))[:, :, None] & ((xs >= 0) & (xs <= side - 1))[:, None, :]
        low = lambda at: np.clip(np.floor(at), 0, side - 1).astype(int)
        high = lambda at: np.clip(np.ceil(at), 0, side - 1).astype(int)
        flat = tf.reshape(features, [side * side, -1])
        take = lambda y, x: tf.gather(flat, y[:, :, None] * side + x[:, None, :])
        right = tf.constant((xs - np.floor(xs))[:, None, :, None])
        down = tf.constant((ys - np.floor(ys))[:, :, None, None])
        top = take(low(ys), low(xs)) * (1 - right) + take(low(ys), high(xs)) * right
        bottom = take(high(ys), low(xs)) * (1 - right) + take(high(ys), high(xs)) * right
        crops = (top * (1 - down) + bottom * down) * tf.constant(inside[..., None].astype(np.float64))
        result = tf.tensor_scatter_nd_update(result, rows[:, None], crops)
    return result


inputs = numbers["generator_inputs"]
positive = np.array(inputs["rpn_match_positive"][0])
negative = np.array(inputs["rpn_match_negative"][0])
rpn_targets = tf.constant(np.array(inputs["rpn_bbox_of_positives"][0], np.float64))
rois, class_ids = stored("tr_rois")[0], stored("tr_target_class_ids")[0]
found = int((class_ids > 0).sum())
box_targets = tf.constant(stored("tr_target_bbox")[0][:found].astype(np.float64))
packed = stored("tr_target_mask_0_packed")
mask_targets = tf.constant(np.unpackbits(packed, axis=1)[:, : 28 * 28].reshape(-1, 28, 28).astype(np.float64))


def smooth_l1(difference):
    size = tf.abs(difference)
    return tf.where(size < 1, 0.5 * difference * difference, size - 0.5)


def losses():
    c2, c3, c4, c5 = backbone(image)
    p5 = conv(c5, "fpn_c5p5")
    p4 = twice(p5) + conv(c4, "fpn_c4p4")
    p3 = twice(p4) + conv(c3, "fpn_c3p3")
    p2 = twice(p3) + conv(c2, "fpn_c2p2")
    levels = [conv(p, "fpn_p%d" % level) for level, p in zip((2, 3, 4, 5), (p2, p3, p4, p5))]
    logits, deltas = [], []
    for p in [*levels, levels[3][:, ::2, ::2]]:
        shared = tf.nn.relu(conv(p, "rpn_conv_shared"))
        logits.append(tf.reshape(conv(shared, "rpn_class_raw"), [-1, 2]))
        deltas.append(tf.reshape(conv(shared, "rpn_bbox_pred"), [-1, 4]))
    likely = tf.nn.log_softmax(tf.concat(logits, 0))
    hits = tf.reduce_sum(tf.gather(likely, positive)[:, 1]) + tf.reduce_sum(tf.gather(likely, negative)[:, 0])
    rpn_class = -hits / (len(positive) + len(negative))
    rpn_bbox = tf.reduce_mean(smooth_l1(rpn_targets - tf.gather(tf.concat(deltas, 0), np.sort(positive))))

    x = roi_align(levels, rois, 7)
    x = tf.nn.relu(norm(conv(x, "mrcnn_class_conv1", 1, "VALID"), "mrcnn_class_bn1"))
    x = tf.nn.relu(norm(conv(x, "mrcnn_class_conv2"), "mrcnn_class_bn2"))[:, 0, 0]
    scores = x @ W["mrcnn_class_logits/kernel"] + W["mrcnn_class_logits/bias"]
    boxes = tf.reshape(x @ W["mrcnn_bbox_fc/kernel"] + W["mrcnn_bbox_fc/bias"], [len(rois), -1, 4])
    mrcnn_class = -tf.reduce_mean(tf.gather(tf.nn.log_softmax(scores), class_ids, batch_dims=1))
    own = tf.gather(boxes[:found], class_ids[:found], batch_dims=1)
    mrcnn_bbox = tf.reduce_mean(smooth_l1(box_targets - own))

    y = roi_align(levels, rois[:found], 14)
    for index in "1234":
        y = tf.nn.relu(norm(conv(y, "mrcnn_mask_conv" + index), "mrcnn_mask_bn" + index))
    kernel = W["mrcnn_mask_deconv/kernel"]
    y = tf.nn.conv2d_transpose(y, kernel, [found, 28, 28, 256], 2, "VALID") + W["mrcnn_mask_deconv/bias"]
    own = tf.gather(tf.transpose(conv(tf.nn.relu(y), "mrcnn_mask"), [0, 3, 1, 2]), class_ids[:found], batch_dims=1)
    # Keras clips the probability; float32 holds no more of 1 - 1e-7 than this.
    likely = tf.clip_by_value(tf.sigmoid(own), 1e-7, 1 - 1e-7)
    entropy = -mask_targets * tf.math.log(likely) - (1 - mask_targets) * tf.math.log(1 - likely)
    return rpn_class, rpn_bbox, mrcnn_class, mrcnn_bbox, tf.reduce_mean(entropy)


def penalty():
    counted = [W[name] for name in trained if not re.search("gamma|beta", name)]
    return sum(DECAY * tf.reduce_sum(w * w) / int(np.prod(w.shape)) for w in counted)


@tf.function
def gradients():
    with tf.GradientTape() as tape:
        total = sum(losses()) + penalty()
    return total, tape.gradient(total, [W[name] for name in trained])


recorded = numbers[("heads_fed_" if LAYERS == "heads" else "fed_") + CLIP + "_clip"]
length = lambda values: np.sqrt((values**2).sum())
velocity = {name: 0.0 for name in trained}
for step in range(1, STEPS + 1):
    total, found_gradients = gradients()
    arrays = [np.asarray(gradient) for gradient in found_gradients]
    norm_of_all = length(np.array([length(array) for array in arrays]))
    theirs = recorded["step%d" % step]
    print(
        "step %d: total %.6f (reference %.6f), gradient norm %.3f (reference %.3f)"
        % (step, float(total), theirs["total"], norm_of_all, theirs["gradient_norm"]),
        flush=True,
    )
    for name, array in zip(trained, arrays):
        size = norm_of_all if CLIP == "global" else length(array)
        velocity[name] = MOMENTUM * velocity[name] - RATE * array * min(1.0, LIMIT / size)
        W[name].assign_add(velocity[name])
