/** Fewer points on a closed line: Douglas and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727. */
type Point = readonly [number, number];

/**
 * The points of `ring` (which ends where it begins) without those that lie within `tolerance` of the line
 * between the ones that are kept. A ring stays a ring: of four points at least, unless it had fewer.
 */
export function simplifyRing(ring: readonly Point[], tolerance: number): Point[] {
  const [first] = ring;
  if (first === undefined || ring.length <= 4) return [...ring];
  // A closed line has no ends to begin from: the first point and the one farthest from it are kept.
  const opposite = farthest(ring, { from: 0, to: ring.length - 1, distance: distanceTo(first) });
  const kept = new Set([0, opposite.index, ring.length - 1]);
  const open: [number, number][] = [
    [0, opposite.index],
    [opposite.index, ring.length - 1],
  ];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [from, to] = part;
    const [a, b] = [ring[from], ring[to]];
    if (a === undefined || b === undefined) continue;
    const { index, distance } = farthest(ring, { from, to, distance: distanceToLine(a, b) });
    // Two points enclose nothing: the first half keeps one more, however flat it is.
    if (distance <= tolerance && (kept.size > 3 || index === from)) continue;
    kept.add(index);
    open.push([from, index], [index, to]);
  }
  return ring.filter((_, index) => kept.has(index));
}

interface Search {
  /** Both ends are left out. */
  readonly from: number;
  readonly to: number;
  readonly distance: (point: Point) => number;
}

function farthest(ring: readonly Point[], { from, to, distance }: Search) {
  let found = { index: from, distance: -1 };
  for (let index = from + 1; index < to; index++) {
    const point = ring[index];
    const reach = point === undefined ? -1 : distance(point);
    if (reach > found.distance) found = { index, distance: reach };
  }
  return found;
}

const distanceTo =
  ([ax, ay]: Point) =>
  ([x, y]: Point): number =>
    Math.hypot(x - ax, y - ay);

/** To the piece of a line between `a` and `b`. */
function distanceToLine(a: Point, b: Point): (point: Point) => number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  if (length === 0) return distanceTo(a);
  return ([x, y]) => {
    const along = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
    return Math.hypot(x - a[0] - along * dx, y - a[1] - along * dy);
  };
}
