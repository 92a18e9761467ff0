/**
 * Reads a Python wheel, which is a zip, with Node's own inflate: entries go straight to files, some hundred
 * megabytes a second. Only what wheels use: stored and deflated entries, no zip64 (wheels here are < 4 GiB).
 * pip has checked the wheel's hash before.
 */
import { chmodSync, createReadStream, createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { SetupError } from './errors.mjs';

/** @typedef {{ name: string, method: number, compressed: number, bytes: number, offset: number, executable: boolean }} Entry */

const CHUNK = 1 << 20;
const END_OF_DIRECTORY = Buffer.from('504b0506', 'hex');
const LONGEST_END = 22 + 65_535;

/**
 * @param {string} path
 * @returns {Promise<Entry[]>} the files in it, without folders
 */
export async function readWheel(path) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(file, Math.max(0, size - LONGEST_END), Math.min(size, LONGEST_END));
    const end = tail.lastIndexOf(END_OF_DIRECTORY);
    if (end < 0) throw new SetupError(`${path} is not a complete wheel: delete it and run again.`);
    const directory = await bytesAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    return entriesOf(directory, tail.readUInt16LE(end + 10)).filter(
      ({ name }) => !name.endsWith('/'),
    );
  } finally {
    await file.close();
  }
}

/**
 * Writes one entry to a file, whole or not at all.
 * @param {string} wheel
 * @param {Entry} entry
 * @param {string} target
 */
export async function extractEntry(wheel, entry, target) {
  mkdirSync(dirname(target), { recursive: true });
  const file = await open(wheel);
  const header = await bytesAt(file, entry.offset, 30);
  await file.close();
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const part = `${target}.part`;
  const to = createWriteStream(part);
  if (entry.compressed > 0) {
    const end = start + entry.compressed - 1;
    const from = createReadStream(wheel, { start, end, highWaterMark: CHUNK });
    if (entry.method === 0) await pipeline(from, to);
    else await pipeline(from, createInflateRaw({ chunkSize: CHUNK }), to);
  } else {
    await new Promise((done) => to.end(done));
  }
  if (to.bytesWritten !== entry.bytes) {
    throw new SetupError(`${entry.name} in ${wheel} is cut short: delete the wheel and run again.`);
  }
  if (entry.executable) chmodSync(part, 0o755);
  renameSync(part, target);
}

/**
 * @param {Buffer} directory
 * @param {number} count
 * @returns {Entry[]}
 */
function entriesOf(directory, count) {
  const entries = [];
  for (let i = 0, at = 0; i < count; i++) {
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressed: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
      executable: ((directory.readUInt32LE(at + 38) >>> 16) & 0o111) !== 0,
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {number} position
 * @param {number} length
 */
async function bytesAt(file, position, length) {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer;
}
