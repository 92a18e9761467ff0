/** Just enough of version numbers: `1.26.8` against `>=20.15 <23`. */

/**
 * @param {string} version
 * @param {string} range bounds `>=a` and `<b`, all of which must hold
 */
export function satisfies(version, range) {
  return range.split(/\s+/).every((bound) => {
    const [, operator, limit = ''] = /^(>=|<)(.+)$/.exec(bound) ?? [];
    if (operator === undefined) throw new Error(`Cannot read the version bound "${bound}".`);
    const order = compare(version, limit);
    return operator === '<' ? order < 0 : order >= 0;
  });
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  const [left, right] = [a, b].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
