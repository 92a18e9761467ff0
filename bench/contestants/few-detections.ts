/**
 * Weights that were not trained on these pictures find many things on them: a threshold that leaves as many an
 * image as a lesion has, the same number for every contestant (`DETECTIONS` of torchvision_peer.py).
 */
const DETECTIONS = 3;

/** The score below which nothing is kept: at most three of any image's `scores` are above. */
export function fewDetections(scores: readonly (readonly number[])[], least: number): number {
  const limits = scores.map((ofImage) => {
    const [last = 0, next] = [...ofImage].sort((a, b) => b - a).slice(DETECTIONS - 1);
    return next === undefined ? least : (last + next) / 2;
  });
  return Math.max(least, ...limits);
}
