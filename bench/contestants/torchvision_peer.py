"""torchvision's maskrcnn_resnet50_fpn, set to do the work that ours does. Speaks bench/protocol.ts.

`python torchvision_peer.py contiguous|channels_last`. What still differs is listed in bench/differences.ts.
"""

import contextlib
import json
import os
import re
import sys
import time

# The reply channel is ours alone: whatever a library prints goes to stderr.
REPLIES = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import numpy as np
import torch
import torchvision
from torch import nn
from torchvision.models import resnet50
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import FrozenBatchNorm2d

LEARNING_RATE = 1e-5  # as ours: see bench/contestants/model.ts
DETECTIONS = 3  # an image; see `few_detections`


class Refused(Exception):
    pass


def build(size, norm_layer):
    """`maskrcnn_resnet50_fpn`, written out: that function picks the norm layer by itself."""
    torch.manual_seed(1)
    backbone = _resnet_fpn_extractor(resnet50(weights=None, norm_layer=norm_layer), 5)
    return MaskRCNN(
        backbone,
        num_classes=2,
        min_size=size,
        max_size=size,
        rpn_anchor_generator=AnchorGenerator(
            ((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5
        ),
        rpn_pre_nms_top_n_train=6000,
        rpn_post_nms_top_n_train=2000,
        rpn_pre_nms_top_n_test=6000,
        rpn_post_nms_top_n_test=1000,
        rpn_batch_size_per_image=256,
        box_batch_size_per_image=200,
        box_positive_fraction=0.33,
        box_nms_thresh=0.3,
        box_detections_per_img=100,
    )


def norms(model, kind):
    return [module for module in model.modules() if isinstance(module, kind)]


class Work:
    def __init__(self, case, pictures, layout):
        self.case = case
        size = case["size"]
        self.pictures = [
            (
                torch.from_numpy(np.fromfile(p["rgb"], np.uint8).reshape(size, size, 3)),
                torch.from_numpy(np.fromfile(p["mask"], np.uint8).reshape(1, size, size)),
            )
            for p in pictures
        ]
        bfloat16 = case["precision"] == "bfloat16"
        self.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16)
        # Frozen statistics either way. torchvision's own layer promotes to float32 under autocast, where
        # batch norm is faster.
        frozen = nn.BatchNorm2d if bfloat16 else FrozenBatchNorm2d
        self.model = build(size, frozen)
        if case["kind"] != "start-up":
            self.calibrate()
        if layout == "channels_last":
            self.model = self.model.to(memory_format=torch.channels_last)
        self.positives = None
        if case["kind"] == "detect":
            self.model.eval()
            self.few_detections()
        else:
            self.prepare_training()

    def calibrate(self):
        """Initial weights need the statistics of a batch, or activations explode over the layers."""
        source = build(self.case["size"], nn.BatchNorm2d)
        for norm in norms(source, nn.BatchNorm2d):
            norm.momentum = 1.0
        source.train()
        with torch.no_grad():
            source(self.images(), self.targets())
        self.model.load_state_dict(source.state_dict(), strict=False)

    def few_detections(self):
        """Initial weights find a hundred things on anything: the threshold leaves as many as is usual."""
        heads = self.model.roi_heads
        heads.score_thresh = 0.0
        scores = [found["scores"] for found in self.detect()]
        heads.score_thresh = max(
            float(s[DETECTIONS]) if len(s) > DETECTIONS else 0.0 for s in scores
        )

    def prepare_training(self):
        self.model.train()
        for norm in norms(self.model, nn.BatchNorm2d):
            norm.eval()
        if self.case["kind"] == "train-heads":
            self.model.backbone.body.requires_grad_(False)
        heads = self.model.roi_heads
        select = heads.select_training_samples

        def counted(proposals, targets):
            chosen = select(proposals, targets)
            self.positives = sum(int((labels > 0).sum()) for labels in chosen[2])
            return chosen

        heads.select_training_samples = counted
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(
            trained, lr=LEARNING_RATE, momentum=0.9, weight_decay=1e-4
        )

    def images(self):
        return [rgb.permute(2, 0, 1).float().div_(255) for rgb, _ in self.pictures]

    def targets(self):
        boxes = torchvision.ops.masks_to_boxes
        return [
            {
                "boxes": boxes(mask) + torch.tensor([0.0, 0.0, 1.0, 1.0]),
                "labels": torch.tensor([1]),
                "masks": mask,
            }
            for _, mask in self.pictures
        ]

    def detect(self):
        with torch.inference_mode(), self.autocast():
            found = self.model(self.images())
            return [{**one, "masks": one["masks"] > 0.5} for one in found]

    def train(self):
        with self.autocast():
            loss = sum(self.model(self.images(), self.targets()).values())
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], 5.0)
        self.optimizer.step()
        return loss.item()

    def run(self):
        began = time.perf_counter()
        if self.case["kind"] == "detect":
            found = self.detect()
            told = {"detections": sum(len(one["scores"]) for one in found) / len(found)}
        else:
            self.train()
            told = {"positives": self.positives}
        return {"kind": "ran", "milliseconds": 1000 * (time.perf_counter() - began), **told}


def peak_resident_bytes():
    with open("/proc/self/status") as status:
        return 1024 * int(re.search(r"^VmHWM:\s*(\d+) kB$", status.read(), re.M).group(1))


def serve(layout):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                if request["case"]["kind"] == "load":
                    raise Refused("reading data is ours alone")
                work = Work(request["case"], request["pictures"], layout)
                versions = f"torchvision {torchvision.__version__} on torch {torch.__version__}"
                reply = {"kind": "ready", "library": versions}
            elif request["do"] == "run":
                reply = work.run()
            else:
                reply = {"kind": "ended", "peakResidentBytes": peak_resident_bytes()}
        except Refused as error:
            reply = {"kind": "refused", "reason": str(error)}
        except Exception as error:  # of any kind: the driver is told, and goes on with the others
            reply = {"kind": "failed", "reason": f"{type(error).__name__}: {error}"}
        REPLIES.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        serve(sys.argv[1])
