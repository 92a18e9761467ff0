import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import {
  canonicalJson,
  readDocument,
  readNamedDocument,
  sha256,
  writeDocument,
} from '../../storage/documents.ts';
import { HashMismatchError, InvalidDocumentError } from '../../storage/errors.ts';
import { withTestStore } from '../support/servers.ts';

const server = withTestStore();

const schema = z.strictObject({ pairs: z.array(z.strictObject({ id: z.string() })) });

describe('canonical JSON', () => {
  test('means the same, whatever the order of the fields', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1, a: { d: [], c: undefined } })).toBe('{"a":{"d":[]},"b":1}');
  });

  test('refuses what JSON cannot hold, instead of writing null', () => {
    expect(() => canonicalJson({ loss: NaN })).toThrow('JSON cannot hold NaN');
    expect(() => canonicalJson([undefined])).toThrow('undefined');
  });
});

describe('documents', () => {
  test('are read as they were written, under the hash of their bytes', async () => {
    const { store } = server();
    const value = { pairs: [{ id: 'a' }] };
    const written = await writeDocument(store, 'documents/a.json', value);
    expect(written.hash).toBe(sha256(await store.get('documents/a.json')));
    expect(await readNamedDocument(store, written, schema)).toEqual(value);
  });

  test('name key and field when they are wrong', async () => {
    const { store } = server();
    await writeDocument(store, 'documents/b.json', { pairs: [{ id: 'a' }, { id: 7 }] });
    await expect(readDocument(store, 'documents/b.json', schema)).rejects.toThrow(
      /"documents\/b.json".*pairs\.1\.id/,
    );
    await store.put('documents/c.json', 'no JSON');
    await expect(readDocument(store, 'documents/c.json', schema)).rejects.toThrow(
      InvalidDocumentError,
    );
  });

  test('that were changed after they were named are refused', async () => {
    const { store } = server();
    const { key, hash } = await writeDocument(store, 'documents/d.json', { pairs: [] });
    await writeDocument(store, key, { pairs: [{ id: 'late' }] });
    await expect(readNamedDocument(store, { key, hash }, schema)).rejects.toThrow(
      HashMismatchError,
    );
  });
});
