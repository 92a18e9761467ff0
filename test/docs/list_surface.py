"""Lists what Matterport's library and samples offer by name, for docs/compatibility.md to be held against.

    git clone https://github.com/matterport/Mask_RCNN /tmp/original && git -C /tmp/original checkout 3deaec5
    git clone https://github.com/leekunhee/Mask_RCNN /tmp/fork && git -C /tmp/fork checkout 111ab9c
    python3 test/docs/list_surface.py /tmp/original /tmp/fork
    npx prettier --write test/docs/matterport-surface.json

Only names and defaults are kept, of all folders together; the first folder's defaults win. Left out: names that
start with an underscore, and the methods that every Keras layer or model has.
"""

import ast
import json
import pathlib
import sys

KERAS = {"call", "get_config", "compute_output_shape", "compute_mask", "summary"}
FILES = {name: f"mrcnn/{name}.py" for name in ("config", "model", "utils", "visualize", "parallel_model")}
FILES |= {name: f"samples/{name}/{name}.py" for name in ("balloon", "coco", "nucleus", "shapes")}


def parts(path):
    """Functions, classes and `Class.method`s of a file."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        if isinstance(node, ast.ClassDef):
            methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
            yield from (f"{node.name}.{name}" for name in methods if not name.startswith("_") and name not in KERAS)


def value(node):
    """`np.array([...])` as a list; other expressions as literals."""
    return ast.literal_eval(node.args[0] if isinstance(node, ast.Call) else node)


def options(path):
    """Attributes of the class Config with their defaults, and those that its constructor computes."""
    (config,) = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ClassDef)]
    for node in config.body:
        if isinstance(node, ast.Assign):
            yield node.targets[0].id, value(node.value)
    for node in ast.walk(config):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            yield node.targets[0].attr, None


folders = [pathlib.Path(folder) for folder in sys.argv[1:]]
found = {}
for folder in reversed(folders):
    found |= dict(options(folder / FILES["config"]))
surface = {
    "madeBy": "test/docs/list_surface.py (matterport/Mask_RCNN 3deaec5, leekunhee/Mask_RCNN 111ab9c)",
    "config": found,
    "names": {
        name: list(dict.fromkeys(part for folder in folders for part in parts(folder / path)))
        for name, path in FILES.items()
    },
}
path = pathlib.Path(__file__).with_name("matterport-surface.json")
path.write_text(json.dumps(surface, indent=2) + "\n")
