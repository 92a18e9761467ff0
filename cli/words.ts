/** Sizes and people as the command line writes them. */
import { userInfo } from 'node:os';

/** `1.2 GB`, `45.3 MB`, `12 kB`, `812 B`: thousands, as disks and stores count. */
export function inBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 100 && power > 1 ? value.toFixed(1) : value.toFixed(0)} ${units[power] ?? ''}`;
}

/** Who this process works for, as it is kept beside what was decided. Nothing proves it. */
export function thisUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `user ${String(process.getuid?.() ?? 'unknown')}`;
  }
}
