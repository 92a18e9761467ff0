"""Writes numbers as ../../../../../shared/parity has them: `X.json` that describes the tensors in `X.bin`."""
import json
import os

import numpy as np


class Store:
    def __init__(self):
        self.tensors = {}
        self.bytes = bytearray()

    def add(self, name, array):
        array = np.ascontiguousarray(array)
        self.bytes += bytes(-len(self.bytes) % 8)
        self.tensors[name] = {
            'dtype': array.dtype.name,
            'shape': list(array.shape),
            'offset': len(self.bytes),
            'bytes': array.nbytes,
        }
        self.bytes += array.tobytes()

    def write(self, folder, name, document):
        with open(os.path.join(folder, f'{name}.bin'), 'wb') as file:
            file.write(self.bytes)
        with open(os.path.join(folder, f'{name}.json'), 'w') as file:
            json.dump({**document, 'tensors': self.tensors}, file, default=plain)


def sampled(array, rng, count=200):
    """A seeded sample of a large tensor, with its moments."""
    flat = np.asarray(array).reshape(-1)
    index = np.sort(rng.choice(flat.size, min(count, flat.size), replace=False))
    wide = flat.astype(np.float64)
    return {
        'shape': list(np.shape(array)),
        'mean': wide.mean(),
        'std': wide.std(),
        'absmax': np.abs(wide).max(),
        'sum': wide.sum(),
        'sum_abs': np.abs(wide).sum(),
        'index': index,
        'values': flat[index],
    }


def plain(value):
    """NumPy's arrays and numbers as JSON's."""
    return value.tolist()
