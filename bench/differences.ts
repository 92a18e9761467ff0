/** How the contestants' work is made equal, and what of it still differs: stands on the results' page. */

export const SAME: readonly string[] = [
  'ResNet-50 with FPN, two classes (background, lesion), the same pictures with one lesion each, square, at full size.',
  'Anchors of 32 to 512 pixels in three ratios; the 6,000 best before NMS, 2,000 (training) or 1,000 (detection) after; 256 anchors and at most 200 RoIs an image are trained on, at most a third of them on the lesion; at most 100 detections, NMS at 0.3.',
  'A training step goes from 8-bit images and masks in memory to updated weights: targets, losses, gradients, a clipped SGD step with momentum and weight decay. A detection goes from 8-bit images in memory to masks of 0 and 1 at the size of the image.',
  'Statistics of batch norm are frozen on both sides. Learning rate 1e-5, so that the weights, and with them the number of RoIs, stay what they are.',
  'All cores: torch is told so, TensorFlow does so by itself. LesionFlow runs with the settings of its trainer, sums in a set order included.',
  'All contestants of a case are warmed up, then each round runs each once in turn. Slow ones take part in fewer rounds (at least 2; eager at most 3), spread evenly.',
];

export const DIFFERENT: readonly string[] = [
  'torchvision is taken at its best of two memory layouts, contiguous and channels last, case by case.',
  "torchvision's RPN has one 3 x 3 convolution 256 wide, Matterport's (ours) one 512 wide: ours does more.",
  "torchvision's ResNet has the stride on the 3 x 3 convolution (ResNet v1.5), Matterport's on the 1 x 1 before it: ours does less in the first block of three stages. Ours has a bias before each batch norm, and batch norm in the heads.",
  "torchvision's box head is two dense layers (256 x 7 x 7 to 1024 to 1024), as Matterport's are; its RoIAlign takes 4 samples a bin, Matterport's crop-and-resize 1.",
  'Both compute masks on the RoIs that lie on a lesion only: torchvision on just these, ours on chunks of 4, 4, 8, 16 … slots of which none is empty. torchvision adds the true box to the proposals; Matterport does not. The tables give the number of such RoIs on each side.',
  'torchvision fills up to 200 RoIs with negatives; Matterport samples two negatives a positive and pads the rest, and its heads compute the padding too.',
  'Gamma and beta of batch norm are trained in ours. torchvision in float32 uses its own frozen layer, which does not train them; in bfloat16 batch norm with frozen statistics, which is faster there and trains them.',
  'bfloat16 is autocast in torchvision, and what `precision: bfloat16` means in ours.',
  "For training, ours starts from first weights and takes some steps on the pictures before it is timed, until its RPN proposes boxes on the lesions; torchvision's true boxes are always among its proposals.",
  "For detection, weights are trained-like in ours (where a file is given). No download is possible for torchvision: its weights are initial ones, calibrated on the pictures. On every side a score threshold leaves at most 3 detections an image (the tables give each side's number), as a lesion has.",
  "Reading a batch has no peer: torchvision leaves it to its users. It is one thread's time, from records on disk, with the preset `dermoscopy`.",
  'Start-up is a new process a round: imports, initial weights, (in ours) the building of the graph, one step. Files are in the page cache.',
];
