/** What lies over the skin in dermoscopic pictures: hairs, gel bubbles, ruler marks. Drawn as SVG. */
import type { RandomStream } from '../../maskrcnn/random.ts';

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

/** An SVG of the canvas' size; empty where chance leaves everything out. */
export function inventOverlay({ width, height }: Canvas, random: RandomStream): string {
  const parts = [
    ...(random.uniform() < 0.55 ? hairs({ width, height }, random) : []),
    ...(random.uniform() < 0.3 ? bubbles({ width, height }, random) : []),
    ...(random.uniform() < 0.2 ? ruler({ width, height }, random) : []),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join('')}</svg>`;
}

function hairs({ width, height }: Canvas, random: RandomStream): string[] {
  const short = Math.min(width, height);
  const direction = random.uniform() * Math.PI * 2;
  const colour = random.uniform() < 0.75 ? '#241a18' : '#6b4a35';
  return Array.from({ length: 2 + random.below(22) }, () => {
    const angle = direction + random.normal() * 0.5;
    const length = short * (0.25 + 0.6 * random.uniform());
    const [x, y] = [width * random.uniform(), height * random.uniform()];
    const [endX, endY] = [x + length * Math.cos(angle), y + length * Math.sin(angle)];
    const bend = length * 0.25 * random.normal();
    const [midX, midY] = [
      (x + endX) / 2 - bend * Math.sin(angle),
      (y + endY) / 2 + bend * Math.cos(angle),
    ];
    const thickness = short * (0.003 + 0.005 * random.uniform());
    const opacity = 0.45 + 0.45 * random.uniform();
    return `<path d="M${at(x, y)} Q${at(midX, midY)} ${at(endX, endY)}" fill="none" stroke="${colour}" stroke-width="${thickness.toFixed(2)}" stroke-opacity="${opacity.toFixed(2)}" stroke-linecap="round"/>`;
  });
}

function bubbles({ width, height }: Canvas, random: RandomStream): string[] {
  const short = Math.min(width, height);
  return Array.from({ length: 3 + random.below(9) }, () => {
    const [x, y] = [width * random.uniform(), height * random.uniform()];
    const radius = short * (0.005 + 0.025 * random.uniform() ** 2);
    const ring = `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" fill="#ffffff" fill-opacity="0.1" stroke="#ffffff" stroke-opacity="0.35" stroke-width="${(radius / 5).toFixed(2)}"/>`;
    const glint = `<circle cx="${(x - radius / 3).toFixed(1)}" cy="${(y - radius / 3).toFixed(1)}" r="${(radius / 4).toFixed(2)}" fill="#ffffff" fill-opacity="0.8"/>`;
    return ring + glint;
  });
}

function ruler({ width, height }: Canvas, random: RandomStream): string[] {
  const short = Math.min(width, height);
  const step = short * (0.035 + 0.02 * random.uniform());
  const upright = random.uniform() < 0.5;
  const edge = short * (0.02 + 0.04 * random.uniform());
  const count = Math.floor((upright ? height : width) / step);
  return Array.from({ length: count }, (_, i) => {
    const place = (i + 0.5) * step;
    const length = short * (i % 5 === 0 ? 0.06 : 0.03);
    const [from, to] = upright
      ? [at(edge, place), at(edge + length, place)]
      : [at(place, height - edge), at(place, height - edge - length)];
    return `<path d="M${from} L${to}" stroke="#1c1a1e" stroke-opacity="0.8" stroke-width="${(short * 0.005).toFixed(2)}"/>`;
  });
}

const at = (x: number, y: number) => `${x.toFixed(1)},${y.toFixed(1)}`;
