/** Colour splash: what the model found keeps its colours, the rest turns grey. */
import sharp from 'sharp';
import {
  Detector,
  Parameters,
  readImage,
  type Detection,
  type PixelImage,
} from '../../maskrcnn/index.ts';
import { recipe, type RecipeOptions } from './config.ts';
import { fillParameters, type WeightsOptions } from './weights.ts';

export interface SplashOptions extends RecipeOptions, WeightsOptions {
  /** A JPEG or PNG. */
  readonly image: string;
  /** A PNG. */
  readonly output: string;
}

/** Writes the picture and gives what was found, by falling score. */
export async function splash(options: SplashOptions): Promise<Detection[]> {
  const { config } = recipe(options);
  using parameters = Parameters.initialise(config, 0);
  await fillParameters(parameters, options);
  using detector = new Detector(config, parameters);
  const image = await readImage(options.image, options.image);
  const found = await detector.detect(image);
  const pixels = colourSplash(
    image,
    found.map(({ mask }) => mask),
  );
  const { height, width } = image;
  await sharp(pixels, { raw: { height, width, channels: 3 } })
    .png()
    .toFile(options.output);
  return found;
}

/** Weights of red, green and blue in the grey (ITU-R BT.709, `skimage.color.rgb2gray`). */
const GREY = [0.2125, 0.7154, 0.0721] as const;

/** `[height, width, (r, g, b)]` with grey outside of all `masks` (`color_splash`). */
export function colourSplash({ pixels }: PixelImage, masks: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(pixels);
  for (let i = 0; i < pixels.length; i += 3) {
    if (masks.some((mask) => mask[i / 3] === 1)) continue;
    const grey = GREY.reduce(
      (sum, weight, channel) => sum + weight * (pixels[i + channel] ?? 0),
      0,
    );
    result.fill(grey, i, i + 3);
  }
  return result;
}
