"""Imports `mrcnn` of a checkout of Mask_RCNN (the TF2 fork, leekunhee/Mask_RCNN) on today's packages, without
touching it. Needs tensorflow-cpu, tf-keras, h5py, scikit-image and scipy."""
import importlib
import os
import sys
import types

os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import numpy as np


def load(checkout):
    """The modules `config`, `model` and `utils` of the checkout."""
    np.bool = bool  # gone since NumPy 1.24
    try:
        import distutils.version  # noqa: F401  gone since Python 3.12
    except ImportError:
        from packaging.version import Version
        version = types.ModuleType('distutils.version')
        version.LooseVersion = Version
        sys.modules['distutils'] = types.ModuleType('distutils')
        sys.modules['distutils.version'] = version
    sys.path.insert(0, checkout)
    names = ('config', 'model', 'utils')
    modules = types.SimpleNamespace(**{n: importlib.import_module(f'mrcnn.{n}') for n in names})
    resize = modules.utils.resize

    def resize_any(image, *args, **kwargs):
        # scikit-image refuses to interpolate booleans since 0.19.
        return resize(image.astype(float) if image.dtype == bool else image, *args, **kwargs)

    modules.utils.resize = resize_any
    return modules


def configuration(modules, options):
    """An instance of a subclass of `Config` with these options, by their own names."""
    arrays = ('MEAN_PIXEL', 'BBOX_STD_DEV', 'RPN_BBOX_STD_DEV')
    values = {k: np.array(v) if k in arrays else v for k, v in options.items()}
    values = {k: tuple(v) if k == 'MINI_MASK_SHAPE' else v for k, v in values.items()}
    return type('GivenConfig', (modules.config.Config,), values)()


def random_weights(model, seed):
    """Weights whose activations keep their size through a ResNet, and whose scores disagree."""
    rng = np.random.default_rng(seed)
    model.set_weights([random_weight(rng, weight.name, tuple(weight.shape)) for weight in model.weights])


def random_weight(rng, name, shape):
    noise = rng.standard_normal(shape).astype(np.float32)
    if name.endswith('gamma:0'):
        # A block adds little to its shortcut, or a deep ResNet would grow without end.
        return (0.3 if 'branch2c' in name else 1) + 0.1 * noise
    if name.endswith('moving_variance:0'):
        return (1e4 if 'bn_conv1' in name else 1) * np.exp(0.2 * noise)
    if not name.endswith('kernel:0'):
        return 0.1 * noise
    # A transposed convolution stores [height, width, out, in]; elsewhere the last axis is the output.
    inputs = np.prod(shape) / (shape[2] if 'deconv' in name else shape[-1])
    if any(part in name for part in ('class_raw', 'class_logits', 'bbox', 'mrcnn_mask/')):
        # Features are positive: without their mean it is the RoI that decides, not the class.
        centred = noise - noise.mean(axis=tuple(range(len(shape) - 1)))
        return centred * np.sqrt((0.1 if 'bbox' in name else 1) / inputs)
    return noise * np.sqrt((1 if 'fpn_' in name else 2) / inputs)
