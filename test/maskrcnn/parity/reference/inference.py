"""Numbers of Matterport's inference for any configuration, in the format of ../shared/parity:

    python inference.py <checkout of Mask_RCNN> <options.json> <folder> <image> ...

`options.json` holds options of `Config` by their own names; as many images as IMAGES_PER_GPU asks for.
Writes inference.json, inference.bin, weights.h5 (random) and the images to the folder. Compare with
`LESIONFLOW_PARITY_SETS=<folder> npm test -- test/maskrcnn/parity`.
"""
import json
import os
import shutil
import sys

import matterport
import numpy as np
import skimage.io
from store import Store, sampled

SEED = 20180
STAGES = {
    'resnet50': ('res2c_out', 'res3d_out', 'res4f_out', 'res5c_out'),
    'resnet101': ('res2c_out', 'res3d_out', 'res4w_out', 'res5c_out'),
}
FULL = ('rpn_class_logits', 'rpn_class', 'rpn_bbox', 'proposals', 'mrcnn_class_logits', 'mrcnn_class',
        'mrcnn_bbox', 'detections')


def main(checkout, options, folder, *images):
    modules = matterport.load(checkout)
    config = matterport.configuration(modules, json.load(open(options)))
    model = modules.model.MaskRCNN(mode='inference', config=config, model_dir=folder)
    matterport.random_weights(model.keras_model, SEED)
    os.makedirs(os.path.join(folder, 'inputs'), exist_ok=True)
    model.keras_model.save_weights(os.path.join(folder, 'weights.h5'))
    names = [os.path.join('inputs', os.path.basename(image)) for image in images]
    for image, name in zip(images, names):
        shutil.copyfile(image, os.path.join(folder, name))
    pictures = [skimage.io.imread(image)[..., :3] for image in images]

    molded, metas, windows = model.mold_inputs(pictures)
    anchors = model.get_anchors(molded[0].shape)
    inputs = [molded, metas, np.stack([anchors] * len(images)).astype(np.float32)]
    outputs = run(model, inputs)
    index = proposal_anchors(config, outputs, anchors)
    outputs['molded'] = molded.astype(np.float32)
    detected = model.detect(pictures)

    rng = np.random.default_rng(SEED)
    store = Store()
    # Versions of scikit-image resize differently: comparisons of the stages start from this image.
    store.add('molded', outputs['molded'])
    store.add('anchors', anchors)
    for name in FULL:
        store.add(name, outputs[name])
    store.add('proposal_anchor_index', index)
    store.add('proposal_fpn_level', fpn_levels(outputs['proposals'], molded[0].shape))
    store.add('mrcnn_mask_first', outputs['mrcnn_mask'][:, :8])
    for i, result in enumerate(detected):
        masks = np.moveaxis(result['masks'], -1, 0).reshape(len(result['rois']), -1)
        store.add(f'detect{i}_masks_packed', np.packbits(masks, axis=1))
    store.write(folder, 'inference', {
        'config': {k: v for k, v in config.to_dict().items() if not k.startswith('_')},
        'inputs': {'files': names},
        'image_meta': metas.astype(np.float64),
        'window_px': windows,
        'sampled': {name: sampled(value, rng) for name, value in outputs.items()},
        'detect': [{
            'rois': result['rois'],
            'class_ids': result['class_ids'],
            'scores': result['scores'].astype(np.float64),
            'mask_areas': result['masks'].sum((0, 1)),
        } for result in detected],
    })


def run(model, inputs):
    """Every stage by its name in the files: the layer's own, but for the pyramid and the final layers."""
    from tensorflow import keras
    c2, c3, c4, c5 = STAGES[model.config.BACKBONE]
    layers = {
        **{name: name for name in (
            'conv1', 'bn_conv1', 'res2a_out', 'rpn_class', 'rpn_bbox',
            'roi_align_classifier', 'mrcnn_class_conv1', 'pool_squeeze', 'mrcnn_class_logits',
            'mrcnn_class', 'mrcnn_bbox', 'roi_align_mask', 'mrcnn_mask_deconv', 'mrcnn_mask')},
        'C2': c2, 'C3': c3, 'C4': c4, 'C5': c5,
        'P2': 'fpn_p2', 'P3': 'fpn_p3', 'P4': 'fpn_p4', 'P5': 'fpn_p5', 'P6': 'fpn_p6',
        'proposals': 'ROI', 'detections': 'mrcnn_detection',
    }
    network = model.keras_model
    pool = next(layer for layer in network.layers if 'max_pooling2d' in layer.name)
    tensors = {name: network.get_layer(layer).output for name, layer in layers.items()}
    tensors['maxpool'] = pool.output
    # Inference does without the logits of the RPN, so that the model has lost their layer.
    logits = [network.get_layer('rpn_model')(tensors[f'P{level}'])[0] for level in range(2, 7)]
    tensors['rpn_class_logits'] = keras.layers.Concatenate(axis=1)(logits)
    values = keras.Model(network.inputs, list(tensors.values())).predict(inputs, verbose=0)
    return dict(zip(tensors, values))


def proposal_anchors(config, outputs, anchors):
    """[batch, N]: the anchor of each proposal, chosen as ProposalLayer chooses and checked against it; -1 at
    the padding."""
    import tensorflow as tf
    from mrcnn.model import apply_box_deltas_graph, clip_boxes_graph
    chosen = np.full(outputs['proposals'].shape[:2], -1, np.int32)
    for image, (scores, deltas) in enumerate(zip(outputs['rpn_class'][..., 1], outputs['rpn_bbox'])):
        best = tf.nn.top_k(scores, min(config.PRE_NMS_LIMIT, len(scores))).indices
        scaled = deltas * np.asarray(config.RPN_BBOX_STD_DEV, np.float32)
        boxes = apply_box_deltas_graph(tf.gather(anchors, best), tf.gather(scaled, best))
        boxes = clip_boxes_graph(boxes, np.array([0, 0, 1, 1], np.float32))
        kept = tf.image.non_max_suppression(boxes, tf.gather(scores, best),
                                            config.POST_NMS_ROIS_INFERENCE, config.RPN_NMS_THRESHOLD)
        # The fork turns eager execution off.
        with tf.compat.v1.Session() as session:
            index, found = session.run([tf.gather(best, kept), tf.gather(boxes, kept)])
        chosen[image, :len(index)] = index
        if np.abs(found - outputs['proposals'][image, :len(found)]).max() > 1e-6:
            raise SystemExit('the proposals cannot be followed back to their anchors')
    return chosen


def fpn_levels(proposals, shape):
    """[batch, N]: the pyramid level that each proposal is cropped from, as PyramidROIAlign says."""
    y1, x1, y2, x2 = np.moveaxis(proposals, -1, 0)
    with np.errstate(divide='ignore'):
        octaves = np.log2(np.sqrt((y2 - y1) * (x2 - x1)) / (224 / np.sqrt(shape[0] * shape[1])))
    return np.clip(np.round(octaves) + 4, 2, 5).astype(np.int32)


if __name__ == '__main__':
    main(*sys.argv[1:])
