/** Augmentations by name. */
import type { OperationInput } from './operations.ts';

export const presetNames = ['recipe', 'dermoscopy', 'nucleus'] as const;
export type AugmentationPreset = (typeof presetNames)[number];

export const augmentationPresets: Readonly<Record<AugmentationPreset, OperationInput>> = {
  /** The recipe's own, for fine-tuning from COCO: little is changed, and about half of the images not at all. */
  recipe: {
    op: 'someOf',
    count: [0, 2],
    children: [
      { op: 'fliplr', p: 0.5 },
      { op: 'flipud', p: 0.5 },
      { op: 'affine', rotate: [-10, 10] },
    ],
  },
  /**
   * For training from scratch on skin lesions. A dermoscope has no upright and no handedness, so flips and
   * turns cost nothing and give eight images for one; small rotations and scales fill in between. Light and
   * skin differ between cameras and people, but colour tells lesion from skin, so it changes mildly.
   */
  dermoscopy: {
    op: 'sequence',
    children: [
      { op: 'fliplr', p: 0.5 },
      { op: 'rot90' },
      { op: 'affine', p: 0.5, rotate: [-15, 15], scale: [0.9, 1.2], shear: [-5, 5] },
      { op: 'brightness', p: 0.5, multiply: [0.85, 1.15] },
      { op: 'contrast', p: 0.5, alpha: [0.85, 1.15] },
      { op: 'hueSaturation', p: 0.5, hue: [-8, 8], saturation: [0.8, 1.2] },
    ],
  },
  /** Of Matterport's samples/nucleus/nucleus.py. */
  nucleus: {
    op: 'someOf',
    count: [0, 2],
    children: [
      { op: 'fliplr', p: 0.5 },
      { op: 'flipud', p: 0.5 },
      { op: 'rot90', k: [1, 2, 3] },
      { op: 'brightness', multiply: [0.8, 1.5] },
      { op: 'gaussianBlur', sigma: [0, 5] },
    ],
  },
};
