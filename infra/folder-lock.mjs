/**
 * One owner for a folder at a time. The lock is a listening socket named after the folder, so the kernel
 * frees it the moment its owner dies, however it dies: no stale lock files, no guessing by process ids.
 * Linux: an abstract socket (one network namespace; containers that share a volume do not see each other's).
 * Elsewhere: a socket file in the temporary folder, taken over when nobody answers on it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @typedef {{ release(): Promise<void> }} FolderLock */

/**
 * Takes the folder (made when missing), or returns the process id of whoever holds it.
 * @param {string} folder
 * @returns {Promise<{ lock: FolderLock } | { heldBy: number }>}
 */
export async function takeFolder(folder) {
  mkdirSync(folder, { recursive: true });
  const address = socketOf(folder);
  const lock = await listen(address);
  if (lock) return { lock };
  const holder = await ask(address);
  if (holder !== undefined) return { heldBy: holder };
  if (!address.startsWith('\0')) rmSync(address, { force: true });
  const second = await listen(address);
  return second ? { lock: second } : { heldBy: (await ask(address)) ?? 0 };
}

/**
 * Waits for the folder; `onWait` is called once with the holder's process id when there is one.
 * @param {string} folder
 * @param {(holder: number) => void} onWait
 * @returns {Promise<FolderLock>}
 */
export async function waitForFolder(folder, onWait) {
  let told = false;
  for (;;) {
    const taken = await takeFolder(folder);
    if ('lock' in taken) return taken.lock;
    if (!told) onWait(taken.heldBy);
    told = true;
    await untilFree(socketOf(folder));
  }
}

/** @param {string} folder */
function socketOf(folder) {
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  return process.platform === 'linux' ? `\0lesionflow-${name}` : join(tmpdir(), `lf-${name}.sock`);
}

/**
 * @param {string} address
 * @returns {Promise<FolderLock | undefined>}
 */
function listen(address) {
  return new Promise((resolve, reject) => {
    /** @type {Set<import('node:net').Socket>} */
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
      socket.unref().write(`${process.pid}\n`);
    });
    server.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      const release = () =>
        /** @type {Promise<void>} */ (
          new Promise((done) => {
            server.close(() => done());
            for (const socket of waiting) socket.destroy();
          })
        );
      resolve({ release });
    });
  });
}

/**
 * The process id of whoever listens; `undefined` when nobody does.
 * @param {string} address
 * @returns {Promise<number | undefined>}
 */
function ask(address) {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    socket.once('data', (data) => {
      resolve(Number.parseInt(data.toString(), 10));
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}

/**
 * @param {string} address
 * @returns {Promise<void>}
 */
function untilFree(address) {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    socket.on('error', () => {});
    socket.resume().once('close', () => resolve());
  });
}
