/** Rounds to the nearest integer, halves to the even one, as numpy's `around` and Python's `round` do. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const part = value - floor;
  if (part !== 0.5) return part < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
