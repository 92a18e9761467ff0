/**
 * JSON whose bytes depend on the contents only: keys sorted, no spaces (after RFC 8785). Hashes are taken
 * of it. Here rather than in storage, because workflows hash too and may not import storage.
 */

/**
 * Fields that are `undefined` are left out. Throws `TypeError` for what JSON cannot hold: NaN, infinities,
 * functions, big integers.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  throw new TypeError(
    `JSON cannot hold ${typeof value === 'number' ? String(value) : `a ${typeof value}`}`,
  );
}
