/** Changes of colour, in their order; neighbouring ones that one table can do are done by one. */
import { blur } from './blur.ts';
import type { DrawnOperation } from './draw.ts';
import { changeHueSaturation } from './hue-saturation.ts';
import { addNoise } from './noise.ts';
import type { Region } from './region.ts';
import { changeTone, type ToneOperation } from './tone.ts';

export type ColourOperation =
  | ToneOperation
  | Extract<DrawnOperation, { op: 'hueSaturation' | 'gaussianBlur' | 'gaussianNoise' }>;

const COLOUR_OPERATIONS: readonly string[] = [
  'brightness',
  'contrast',
  'gamma',
  'hueSaturation',
  'gaussianBlur',
  'gaussianNoise',
] satisfies readonly ColourOperation['op'][];

export const isColourOperation = (operation: DrawnOperation): operation is ColourOperation =>
  COLOUR_OPERATIONS.includes(operation.op);

interface Image {
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
  readonly window: Region['window'];
}

/** The pixels after `operations`, which change nothing outside of the window; the image is left as it is. */
export function changeColours(
  { height, width, window, pixels }: Image,
  operations: readonly ColourOperation[],
): Uint8Array {
  if (operations.length === 0) return pixels;
  const region: Region = { pixels: pixels.slice(), canvas: { height, width }, window };
  const tones: ToneOperation[] = [];
  const changePendingTones = (): void => {
    if (tones.length > 0) changeTone(region, tones.splice(0));
  };
  for (const operation of operations) {
    switch (operation.op) {
      case 'hueSaturation':
        changePendingTones();
        changeHueSaturation(region, operation);
        break;
      case 'gaussianBlur':
        changePendingTones();
        blur(region, operation);
        break;
      case 'gaussianNoise':
        changePendingTones();
        addNoise(region, operation);
        break;
      default:
        tones.push(operation);
    }
  }
  changePendingTones();
  return region.pixels;
}
