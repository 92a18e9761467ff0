/** Which validation images are drawn for the report: the best, the middle and the worst. */
import type { ImageScore } from '../../contracts/manifests.ts';

/**
 * `count` distinct images (all when there are fewer), a third each from the top, the middle and the
 * bottom of the ranking by Jaccard; best first.
 */
export function chooseOverlays(images: readonly ImageScore[], count: number): ImageScore[] {
  const ranked = [...images].sort(
    (a, b) => b.scores.jaccard - a.scores.jaccard || (a.id < b.id ? -1 : 1),
  );
  if (count >= ranked.length) return ranked;
  const best = Math.ceil(count / 3);
  const worst = Math.floor(count / 3);
  const middle = count - best - worst;
  // The middle of what best and worst leave over.
  const middleStart = best + Math.floor((ranked.length - best - worst - middle) / 2);
  return [
    ...ranked.slice(0, best),
    ...ranked.slice(middleStart, middleStart + middle),
    ...ranked.slice(ranked.length - worst),
  ];
}
