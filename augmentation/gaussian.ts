/**
 * Gaussian smoothing as `scipy.ndimage.gaussian_filter` does it with `truncate=3` and `mode="nearest"`: one
 * sampled kernel along each axis, the edge repeated.
 */
export interface Plane {
  /** `[height, width, channels]`. */
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Smooths in place. `sigma` in pixels; below 1/6 it does nothing. */
export function smooth(plane: Plane, sigma: number): void {
  const kernel = halfKernel(sigma);
  if (kernel.length === 1) return;
  smoothRows(plane, kernel);
  smoothColumns(plane, kernel);
}

/** Weights of the centre and of the neighbours to one side; all of both sides sum to 1. */
function halfKernel(sigma: number): Float64Array {
  const radius = Math.floor(3 * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigma * sigma)),
  );
  const total = half.reduce((sum, weight) => sum + 2 * weight, -1);
  return half.map((weight) => weight / total);
}

function smoothRows({ values, height, width, channels }: Plane, kernel: Float64Array): void {
  const margin = (kernel.length - 1) * channels;
  const length = width * channels;
  const line = new Float32Array(length + 2 * margin);
  for (let start = 0; start < height * length; start += length) {
    const row = values.subarray(start, start + length);
    line.set(row, margin);
    for (let i = 0; i < margin; i++) {
      line[i] = row[i % channels] as number;
      line[margin + length + i] = row[length - channels + (i % channels)] as number;
    }
    for (let i = 0; i < length; i++) {
      const centre = i + margin;
      let sum = (kernel[0] as number) * (line[centre] as number);
      for (let k = 1, near = channels; k < kernel.length; k++, near += channels) {
        const both = (line[centre - near] as number) + (line[centre + near] as number);
        sum += (kernel[k] as number) * both;
      }
      row[i] = sum;
    }
  }
}

function smoothColumns({ values, height, width, channels }: Plane, kernel: Float64Array): void {
  const length = width * channels;
  const source = values.slice();
  const rowAt = (row: number): Float32Array => {
    const start = Math.min(Math.max(row, 0), height - 1) * length;
    return source.subarray(start, start + length);
  };
  for (let row = 0; row < height; row++) {
    const target = values.subarray(row * length, (row + 1) * length);
    const [centre, weight] = [rowAt(row), kernel[0] as number];
    for (let i = 0; i < length; i++) target[i] = weight * (centre[i] as number);
    for (let k = 1; k < kernel.length; k++) {
      const [above, below, factor] = [rowAt(row - k), rowAt(row + k), kernel[k] as number];
      for (let i = 0; i < length; i++) {
        target[i] = (target[i] as number) + factor * ((above[i] as number) + (below[i] as number));
      }
    }
  }
}
