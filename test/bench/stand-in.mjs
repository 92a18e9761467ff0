/** A contestant that does what its arguments say: the protocol without a model. Appends its name to a log. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [name, behaviour, log] = process.argv.slice(2);
const reply = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
let runs = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what } = JSON.parse(line);
  if (what === 'prepare') {
    if (behaviour === 'refuse') reply({ kind: 'refused', reason: 'cannot do this' });
    else reply({ kind: 'ready', library: `library of ${name}` });
  } else if (what === 'run') {
    process.stdout.write('a library prints what it likes\n{"not": "a reply"}\n');
    if (behaviour === 'die' && runs === 1) {
      process.stderr.write('out of something\n');
      process.kill(process.pid, 'SIGKILL');
      continue;
    }
    if (behaviour === 'hang') continue;
    runs++;
    appendFileSync(log, name);
    reply({
      kind: 'ran',
      milliseconds: behaviour === 'slow' ? 10_000 : 10 + runs,
      detections: runs,
    });
  } else {
    reply({ kind: 'ended', peakResidentBytes: 1024 });
  }
}
