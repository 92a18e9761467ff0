/**
 * How often the kernel has killed a process for lack of memory: the evidence that tells such a SIGKILL from one
 * that somebody sent. Counted for the whole machine, and for the container (control group) of this process.
 */
import { readFileSync } from 'node:fs';

/** The sum of the counters that can be read; 0 where there are none. It only ever rises. */
export function memoryKills(): number {
  const [unified, memory] = controlGroups();
  return (
    counter('/proc/vmstat') +
    // Inside of a container its own group is mounted as the root.
    counter(`/sys/fs/cgroup${unified}/memory.events`, '/sys/fs/cgroup/memory.events') +
    counter(
      `/sys/fs/cgroup/memory${memory}/memory.oom_control`,
      '/sys/fs/cgroup/memory/memory.oom_control',
    )
  );
}

/** `oom_kill` of the first of `paths` that has it. */
function counter(...paths: readonly string[]): number {
  for (const path of paths) {
    const value = /^oom_kill (\d+)$/m.exec(textOf(path))?.[1];
    if (value !== undefined) return Number(value);
  }
  return 0;
}

/** Paths of this process's group in version 2 and, for memory, in version 1. */
function controlGroups(): readonly [string, string] {
  const groups = textOf('/proc/self/cgroup');
  const path = (line: RegExp) => line.exec(groups)?.[1]?.replace(/^\/$/, '') ?? '';
  return [path(/^0::(\/.*)$/m), path(/^\d+:(?:[a-z_,]*,)?memory(?:,[a-z_,]*)?:(\/.*)$/m)];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
