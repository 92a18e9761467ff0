/** Zips, good and hostile, from a real store into it. */
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { ZipFile } from 'yazl';
import { rawManifestSchema } from '../../contracts/manifests.ts';
import type { ArchiveRef } from '../../contracts/references.ts';
import {
  ArchiveTooLargeError,
  DamagedEntryError,
  NotAZipError,
  UnsafeEntryError,
  UnsupportedEntryError,
} from '../../datasets/errors.ts';
import { unpackArchive } from '../../datasets/unpack-archive.ts';
import { DEFAULT_LIMITS } from '../../datasets/zip/list-entries.ts';
import { readNamedDocument, sha256 } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';
import { zipOf, type Member } from './zips.ts';

const server = withTestStore();
const contents = Buffer.from('not really a picture, but this step does not look inside');

async function stored(zip: Buffer): Promise<ArchiveRef> {
  const hash = sha256(zip);
  const key = `archives/${hash}.zip`;
  await server().store.put(key, zip);
  return { key, bytes: zip.length, sha256: hash };
}

async function unpack(zip: Buffer, limits = DEFAULT_LIMITS) {
  return unpackArchive({
    store: server().store,
    dataset: 'set',
    archive: await stored(zip),
    limits,
  });
}

/** The error, after checking that no manifest was written. */
async function refusal(members: readonly Member[] | Buffer, limits = DEFAULT_LIMITS) {
  const zip = Buffer.isBuffer(members) ? members : zipOf(members);
  const error: unknown = await unpack(zip, limits).catch((e: unknown) => e);
  const folder = `datasets/set/raw/${sha256(zip).slice(0, 16)}`;
  expect(await server().store.head(`${folder}/manifest.json`)).toBeUndefined();
  return error;
}

describe('unpacking', () => {
  test('keeps the pictures and passes over what else lies in such archives', async () => {
    const names = [
      'folder/ISIC_1.jpg',
      'folder/sub/ISIC_2.JPEG',
      'ISIC_3.png',
      'LICENSE.txt',
      '__MACOSX/folder/._ISIC_1.jpg',
      'folder/._ISIC_2.jpg',
      'folder/.DS_Store',
      'folder/',
    ];
    const zip = zipOf(
      names.map((name) => ({ name, contents: name.endsWith('/') ? Buffer.alloc(0) : contents })),
    );
    const progress: number[] = [];
    const { store } = server();
    const raw = await unpackArchive({
      store,
      dataset: 'set',
      archive: await stored(zip),
      onProgress: ({ done }) => progress.push(done),
    });
    const manifest = await readNamedDocument(
      store,
      { key: raw.manifestKey, hash: raw.hash },
      rawManifestSchema,
    );
    expect(manifest.entries.map(({ path }) => path)).toEqual([
      'ISIC_3.png',
      'folder/ISIC_1.jpg',
      'folder/sub/ISIC_2.JPEG',
    ]);
    expect(raw.entries).toBe(3);
    expect(progress.at(-1)).toBe(3);
    for (const { key } of manifest.entries) {
      expect(Buffer.from(await store.get(key)).equals(contents)).toBe(true);
    }
  });

  test('does nothing the second time, and finishes what a killed attempt began', async () => {
    const zip = zipOf([1, 2, 3].map((n) => ({ name: `again/${String(n)}.png`, contents })));
    const first = await unpack(zip);
    const { store } = server();
    const folder = first.manifestKey.slice(0, first.manifestKey.lastIndexOf('/'));
    const kept = await store.head(`${folder}/files/again/1.png`);
    expect(await unpack(zip)).toEqual(first);

    await store.delete(first.manifestKey);
    await store.delete(`${folder}/files/again/2.png`);
    expect(await unpack(zip)).toEqual(first);
    expect(await store.head(`${folder}/files/again/1.png`)).toEqual(kept);
    expect(Buffer.from(await store.get(`${folder}/files/again/2.png`)).equals(contents)).toBe(true);
  });

  test('reads zip64, stored entries and names in UTF-8, as yazl writes them', async () => {
    const zip = new ZipFile();
    const output = buffer(zip.outputStream.pipe(new PassThrough()));
    zip.addBuffer(contents, 'größe.png', { forceZip64Format: true, compress: false });
    zip.addBuffer(contents, 'b.png', { forceZip64Format: true });
    zip.end({ forceZip64Format: true, comment: 'a comment' });
    expect(await unpack(await output)).toMatchObject({ entries: 2 });
  });
});

describe('unpacking refuses', () => {
  test('a wrong CRC', async () => {
    const error = await refusal([{ name: 'a.png', contents, claims: { crc32: 0xdeadbeef } }]);
    expect(error).toBeInstanceOf(DamagedEntryError);
    expect(String(error)).toMatch(/"a\.png".*instead of deadbeef/);
    expect(error).toMatchObject({ retryable: false });
  });

  test('bytes that were damaged in between', async () => {
    const zip = zipOf([{ name: 'b.png', contents }]);
    zip[40] = (zip[40] ?? 0) ^ 0xff;
    expect(await refusal(zip)).toBeInstanceOf(DamagedEntryError);
  });

  test.each([
    ['../evil.png'],
    ['ok/../../evil.png'],
    ['/etc/evil.png'],
    ['C:/evil.png'],
    ['..\\evil.png'],
    ['../evil.txt'],
    ['new\nline.png'],
  ])('the name %j', async (name) => {
    const error = await refusal([
      { name: 'good.png', contents },
      { name, contents },
    ]);
    expect(error).toBeInstanceOf(UnsafeEntryError);
    expect(error).toMatchObject({ retryable: false, values: { entry: name } });
  });

  test('links, two entries of one name, and a file in the place of a folder', async () => {
    const name = 'a.png';
    expect(await refusal([{ name, contents, claims: { link: true } }])).toBeInstanceOf(
      UnsafeEntryError,
    );
    expect(
      await refusal([
        { name, contents },
        { name: './a.png', contents },
      ]),
    ).toBeInstanceOf(UnsafeEntryError);
    expect(
      await refusal([
        { name, contents },
        { name: 'a.png/b.png', contents },
      ]),
    ).toBeInstanceOf(UnsafeEntryError);
  });

  test('encryption and other ways of packing', async () => {
    const encrypted = await refusal([{ name: 'a.png', contents, claims: { encrypted: true } }]);
    expect(encrypted).toBeInstanceOf(UnsupportedEntryError);
    expect(String(encrypted)).toContain('encrypted');
    const lzma = await refusal([{ name: 'a.png', contents, claims: { method: 14 } }]);
    expect(String(lzma)).toContain('method 14');
  });

  test('lies about sizes, and bombs', async () => {
    const zeros = Buffer.alloc(3_000_000);
    const small = await refusal([{ name: 'bomb.png', contents: zeros, claims: { size: 10 } }]);
    expect(small).toBeInstanceOf(DamagedEntryError);
    const large = await refusal([{ name: 'b.png', contents, claims: { size: 5000 } }]);
    expect(String(large)).toContain('less than the 5000 bytes');
    const limits = { entries: 2, entryBytes: 1_000_000, totalBytes: 1_500_000 };
    const members = (sizes: number[]) =>
      sizes.map((size, i) => ({ name: `${String(i)}.png`, contents: zeros.subarray(0, size) }));
    expect(await refusal(members([2_000_000]), limits)).toBeInstanceOf(ArchiveTooLargeError);
    expect(await refusal(members([900_000, 900_000]), limits)).toBeInstanceOf(ArchiveTooLargeError);
    expect(await refusal(members([1, 1, 1]), limits)).toBeInstanceOf(ArchiveTooLargeError);
  });

  test('what is no zip, or only the start of one', async () => {
    expect(await refusal(Buffer.from('<html>'.repeat(100)))).toBeInstanceOf(NotAZipError);
    const zip = zipOf([{ name: 'a.png', contents }]);
    expect(await refusal(zip.subarray(0, -10))).toBeInstanceOf(NotAZipError);
    expect(await refusal(zip.subarray(20))).toBeInstanceOf(NotAZipError);
    expect(await refusal(Buffer.alloc(0))).toBeInstanceOf(NotAZipError);
  });

  test('an archive that is not as long as its reference says', async () => {
    const archive = await stored(zipOf([{ name: 'a.png', contents }]));
    await expect(
      unpackArchive({
        store: server().store,
        dataset: 'set',
        archive: { ...archive, sha256: 'f'.repeat(64), bytes: archive.bytes + 1 },
      }),
    ).rejects.toThrow(NotAZipError);
  });
});
