/** One line on stderr that says how far a long reading is: drawn over on a terminal, now and then elsewhere. */
import type { WriteStream } from 'node:tty';
import type { OnProgress } from '../../datasets/progress.ts';

/** Of a stream that is no terminal, e.g. a log. */
const QUIET_MS = 15_000;

/** `verb` is in the past, e.g. `measured`. Short work says nothing where it is no terminal. */
export function progressOn(stream: WriteStream, verb: string): OnProgress {
  const start = performance.now();
  let last = start;
  return ({ done, total, unit }) => {
    const now = performance.now();
    const seconds = (now - start) / 1000;
    const left = done === 0 ? '' : `, ${inWords(((total - done) * seconds) / done)} left`;
    const count = (value: number) => value.toLocaleString('en');
    const line = `${verb} ${count(done)} of ${count(total)} ${unit}${done === total ? '' : left}`;
    if (stream.isTTY) stream.write(`\r\u001b[2K${line}${done === total ? '\n' : ''}`);
    else if (now - last > QUIET_MS) {
      last = now;
      stream.write(`${line}\n`);
    }
  };
}

const inWords = (seconds: number): string =>
  seconds < 90 ? `${String(Math.ceil(seconds))} s` : `${String(Math.ceil(seconds / 60))} min`;
