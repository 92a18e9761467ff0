"""
Lists the weights of a Keras weight file in the file's order, a line a layer, as JSON:
    python list-weights.py mask_rcnn.h5 "where the file comes from" > weights.json
"""
import json
import sys

import h5py


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def line(layer, group):
    names = [text(name) for name in group.attrs['weight_names']]
    shapes = ['x'.join(map(str, group[name].shape)) for name in names]
    return ' '.join([layer, *(f'{name}={shape}' for name, shape in zip(names, shapes))])


with h5py.File(sys.argv[1], 'r') as file:
    layers = [text(name) for name in file.attrs['layer_names']]
    lines = [line(layer, file[layer]) for layer in layers if len(file[layer].attrs['weight_names'])]
print(json.dumps({'provenance': sys.argv[2], 'layers': lines}, indent=1))
