/** One invented dermoscopic picture with its exact mask. It resembles no person's skin and no real lesion. */
import sharp from 'sharp';
import type { RandomStream } from '../../maskrcnn/random.ts';
import { mix, scaled, SKIN_TONES, type Rgb } from './colours.ts';
import { inventLesion } from './lesion.ts';
import { fractal, smoothstep, valueNoise } from './noise.ts';
import { inventOverlay } from './overlays.ts';

export interface SyntheticPicture {
  readonly jpeg: Buffer;
  /** One channel, 0 and 255. */
  readonly png: Buffer;
}

const DESCRIPTION = 'Synthetic picture drawn by LesionFlow. Not a photograph, not a real lesion.';

export async function drawPicture(
  { width, height }: { readonly width: number; readonly height: number },
  random: RandomStream,
): Promise<SyntheticPicture> {
  const { pixels, mask } = paint({ width, height }, random);
  const overlay = Buffer.from(inventOverlay({ width, height }, random));
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: overlay }])
    .blur(Math.max(0.4, Math.min(width, height) / 900))
    .withExif({ IFD0: { ImageDescription: DESCRIPTION, Software: 'LesionFlow' } })
    .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const png = await sharp(mask, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  return { jpeg, png };
}

function paint({ width, height }: { width: number; height: number }, random: RandomStream) {
  const skin = inventSkin(random);
  const lesion = inventLesion(random);
  const light = inventLight(random);
  const half = Math.min(width, height) / 2;
  const pixels = new Uint8Array(width * height * 3);
  const mask = new Uint8Array(width * height);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const [x, y] = [(column + 0.5 - width / 2) / half, (row + 0.5 - height / 2) / half];
      const depth = lesion.depth(x, y);
      const { softness, strength } = lesion;
      // Half strength lies on the outline, where an expert would draw it.
      const cover = strength * (1 - smoothstep(1 - softness, 1 + softness, depth));
      const bare = skin(x, y);
      const colour = cover === 0 ? bare : mix(bare, lesion.colour(x, y), cover);
      const grain = 1 + 0.025 * random.normal();
      const lit = scaled(colour, light(x, y) * grain);
      for (const channel of [0, 1, 2] as const) {
        pixels[3 * i + channel] = Math.min(255, Math.max(0, Math.round(lit[channel])));
      }
      mask[i] = depth < 1 ? 255 : 0;
    }
  }
  return { pixels, mask };
}

function inventSkin(random: RandomStream): (x: number, y: number) => Rgb {
  const tone = random.uniform() * (SKIN_TONES.length - 1);
  const below = Math.floor(tone);
  const base = mix(
    SKIN_TONES[below] ?? [0, 0, 0],
    SKIN_TONES[below + 1] ?? [0, 0, 0],
    tone - below,
  );
  const flush: Rgb = [base[0], base[1] * 0.9, base[2] * 0.9];
  const clouds = fractal(valueNoise(random), 3);
  const furrows = fractal(valueNoise(random), 2);
  return (x, y) => {
    // Skin lines: where a stretched field crosses its middle.
    const line = Math.abs(furrows(26 * x + 11 * y, 19 * y - 9 * x) - 0.5);
    const shade = 0.97 + 0.035 * smoothstep(0, 0.12, line);
    return scaled(mix(base, flush, clouds(1.5 * x + 9, 1.5 * y + 9)), shade);
  };
}

/** A lamp that is a little off the middle; often the dark rim of the dermatoscope's tube. */
function inventLight(random: RandomStream): (x: number, y: number) => number {
  const [centreX, centreY] = [0.25 * random.normal(), 0.25 * random.normal()];
  const fall = 0.08 + 0.12 * random.uniform();
  const brightness = 0.9 + 0.12 * random.uniform();
  const hasRim = random.uniform() < 0.4;
  const rim = 1.02 + 0.25 * random.uniform();
  const rimWidth = 0.03 + 0.15 * random.uniform();
  return (x, y) => {
    const lamp = brightness * (1 - fall * Math.min(2, (x - centreX) ** 2 + (y - centreY) ** 2));
    if (!hasRim) return lamp;
    return lamp * (1 - 0.96 * smoothstep(rim, rim + rimWidth, Math.hypot(x, y)));
  };
}
