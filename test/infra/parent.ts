/**
 * A parent to be killed: `tsx parent.ts tree FOLDER` starts a process with a grandchild,
 * `tsx parent.ts servers FOLDER` both servers. Prints one line of JSON with the process ids, then waits.
 */
import { join } from 'node:path';
import { startProcess } from '../../infra/processes.ts';
import { startObjectServer } from '../../infra/servers/object-server.ts';
import { startTemporalServer } from '../../infra/servers/temporal-server.ts';

const [what, folder = ''] = process.argv.slice(2);

async function startTree(): Promise<number[]> {
  const child = await startProcess({
    name: 'tree',
    command: 'sh',
    args: ['-c', 'sleep 1000 & echo $!; wait'],
    logFile: join(folder, 'tree.log'),
  });
  while (child.logTail() === '') await new Promise((resolve) => setTimeout(resolve, 10));
  return [child.pid, Number(child.logTail())];
}

async function startServers(): Promise<number[]> {
  const [objects, temporal] = await Promise.all([
    startObjectServer({ folder: join(folder, 's3'), bucket: 'test' }),
    startTemporalServer({ folder: join(folder, 'temporal') }),
  ]);
  return [objects.pid, temporal.pid];
}

console.log(JSON.stringify(await (what === 'tree' ? startTree() : startServers())));
