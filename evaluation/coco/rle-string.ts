/**
 * COCO's text for run lengths: `rleToString`, `rleFrString` of pycocotools' maskApi.c. Like LEB128, but with
 * 5 bits and a "more" bit in each character, from "0" on; from the fourth run on the difference to the run
 * before the last stands for a run.
 */
import { ScoringError } from '../errors.ts';

const ZERO = 48;
const MORE = 0x20;
const SIGN = 0x10;

export function packRuns(runs: readonly number[]): string {
  const codes: number[] = [];
  runs.forEach((length, i) => {
    let rest = i > 2 ? length - (runs[i - 2] ?? 0) : length;
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = (bits & SIGN) === 0 ? rest !== 0 : rest !== -1;
      codes.push(ZERO + bits + (more ? MORE : 0));
    }
  });
  return codes.map((code) => String.fromCharCode(code)).join('');
}

/** Throws `ScoringError` at a character that is none of COCO's, a negative run, or an end within a run. */
export function unpackRuns(text: string): number[] {
  const runs: number[] = [];
  let value = 0;
  let shift = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) - ZERO;
    if (code < 0 || code >= 2 * MORE) throw unreadable(text, at);
    value |= (code & 0x1f) << shift;
    shift += 5;
    if ((code & MORE) !== 0) continue;
    if ((code & SIGN) !== 0 && shift < 32) value |= -1 << shift;
    if (runs.length > 2) value += runs.at(-2) ?? 0;
    if (value < 0) throw unreadable(text, at);
    runs.push(value);
    value = 0;
    shift = 0;
  }
  if (shift !== 0) throw unreadable(text, text.length);
  return runs;
}

function unreadable(text: string, at: number): ScoringError {
  return new ScoringError(
    `Run lengths are not readable at character ${at} of ${text.length}: give "counts" as ` +
      'pycocotools.mask.encode makes them, decoded to text.',
    { at, length: text.length },
  );
}
