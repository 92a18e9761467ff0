/** Measured pairs without pictures, for what is derived from measures alone. */
import type { PairMeasures } from '../../../datasets/fingerprint/measure-pair.ts';
import type { Box } from '../../../maskrcnn/shapes.ts';

const stats = (mean: [number, number, number]) => ({
  mean,
  deviation: [1, 1, 1] as [number, number, number],
});

export function measured(changes: Partial<PairMeasures> & { readonly id: string }): PairMeasures {
  const { height = 480, width = 640 } = changes;
  return {
    height,
    width,
    area: 0.2,
    box: [height / 4, width / 4, (3 * height) / 4, (3 * width) / 4],
    bordersTouched: 0,
    parts: [1],
    colours: {
      all: stats([180, 140, 130]),
      lesion: stats([120, 80, 70]),
      skin: stats([190, 150, 140]),
    },
    darkCorners: 0,
    sketch: new Uint8Array(32 * 32),
    place: new Uint8Array(32 * 32),
    ...changes,
  };
}

/** Pairs whose lesions have these sides, as shares of the longer side of a picture of 640 × 480; squares in the middle. */
export const withSides = (sides: readonly number[]): PairMeasures[] =>
  sides.map((side, index) => {
    const [high, wide] = [
      Math.min(480, 640 * side),
      Math.min(640, (640 * side) ** 2 / Math.min(480, 640 * side)),
    ];
    const box: Box = [240 - high / 2, 320 - wide / 2, 240 + high / 2, 320 + wide / 2];
    return measured({ id: `P${String(index)}`, box, area: (high * wide) / (480 * 640) });
  });
