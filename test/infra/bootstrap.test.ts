import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../infra/bootstrap/command.mjs';
import { isInstalled } from '../../infra/bootstrap/npm-packages.mjs';
import { bfloat16Flag } from '../../infra/bootstrap/prerequisites.mjs';
import { staleSteps, type Step } from '../../infra/bootstrap/steps.mjs';
import { stamp } from '../../infra/bootstrap/stamps.mjs';
import { satisfies } from '../../infra/bootstrap/versions.mjs';
import { extractEntry, readWheel } from '../../infra/bootstrap/wheel.mjs';
import { takeFolder } from '../../infra/folder-lock.mjs';
import { projectRoot } from '../../infra/paths.mjs';
import { temporaryFolder } from '../support/servers.ts';
import { untilGone } from './process-ids.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const write = (path: string, text: string | Uint8Array) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

describe('a stamp', () => {
  const at = (path: string) => join(folder.path, 'stamps', path);
  const make = (facts: string[] = []) =>
    stamp('step', { files: [at('input')], facts, outputs: [at('output')], folder: at('state') });
  beforeEach(() => {
    rmSync(at(''), { recursive: true, force: true });
    write(at('input'), 'one');
    write(at('output'), 'made');
  });

  test('is fresh only once it was written', () => {
    expect(make().isFresh()).toBe(false);
    make().write();
    expect(make().isFresh()).toBe(true);
  });

  test.each([
    ['an input changes', () => write(at('input'), 'two'), []],
    ['an output is gone', () => rmSync(at('output')), []],
    ['a fact changes', () => undefined, ['gpu']],
  ])('is stale when %s', (_, change, facts) => {
    make().write();
    change();
    expect(make(facts).isFresh()).toBe(false);
  });
});

describe('the npm packages', () => {
  const root = () => join(folder.path, 'npm');
  const locked = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/for-windows': { version: '1.0.0', optional: true },
  };
  const installed = (packages: object) => {
    write(join(root(), 'package-lock.json'), JSON.stringify({ packages: locked }));
    write(join(root(), 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
    return isInstalled(root());
  };

  test('are complete without the optional ones of other systems', () => {
    expect(installed({ 'node_modules/a': { version: '1.0.0' } })).toBe(true);
  });

  test.each([
    ['one is missing', {}],
    ['one has another version', { 'node_modules/a': { version: '1.0.1' } }],
    [
      'an optional one has another version',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/for-windows': { version: '2.0.0' } },
    ],
  ])('are stale when %s', (_, packages) => {
    expect(installed(packages)).toBe(false);
  });

  test('are missing when the installation did not end', () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    rmSync(join(root(), 'node_modules/.package-lock.json'));
    expect(isInstalled(root())).toBe(false);
  });
});

test.each([
  ['20.15.0', '>=20.15 <23', true],
  ['20.9.0', '>=20.15 <23', false],
  ['22.1.0', '>=20.15 <23', true],
  ['23.0.0', '>=20.15 <23', false],
  ['1.26.8', '>=1.21', true],
])('version %s is in "%s": %s', (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected);
});

test('a step whose outputs another one takes away is done again with it', () => {
  const step = (name: string, fresh: boolean, lostWith?: Step): Step => ({
    name,
    reason: '',
    isFresh: () => fresh,
    missing: () => Promise.resolve([]),
    run: () => Promise.resolve(),
    ...(lostWith && { lostWith }),
  });
  const packages = step('packages', false);
  const names = staleSteps([packages, step('library', true, packages), step('server', true)]);
  expect(names.map(({ name }) => name)).toEqual(['packages', 'library']);
});

describe('a command', () => {
  test('that fails is told with its command line and its last words', async () => {
    const run = runCommand({ command: 'sh', args: ['-c', 'echo the reason >&2; exit 4'] });
    await expect(run).rejects.toThrow(/sh -c .* exited 4\.\nthe reason$/s);
  });

  test('is ended with its children when another step fails', async () => {
    const abort = new AbortController();
    const pids = join(folder.path, 'pids');
    const script = `sleep 1000 & echo $! $$ > ${pids}.part; mv ${pids}.part ${pids}; wait`;
    const run = runCommand({ command: 'sh', args: ['-c', script], signal: abort.signal });
    const read = () => {
      try {
        return readFileSync(pids, 'utf8');
      } catch {
        return undefined;
      }
    };
    while (read() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    abort.abort();
    await expect(run).rejects.toThrow();
    await untilGone((read() ?? '').trim().split(' ').map(Number));
  });
});

describe('a wheel', () => {
  const content = Buffer.from('lesion '.repeat(1000));
  const path = () => join(folder.path, 'a.whl');

  test('gives its files back, packed or not, with their mode', async () => {
    const entries = [
      { name: 'lib/packed.so', data: content, packed: true, mode: 0o755 },
      { name: 'lib/', data: Buffer.alloc(0), packed: false, mode: 0o755 },
      { name: 'plain.h', data: content, packed: false, mode: 0o644 },
      { name: '__init__.py', data: Buffer.alloc(0), packed: false, mode: 0o644 },
    ];
    write(path(), zip(entries));
    const found = await readWheel(path());
    expect(found.map(({ name, executable }) => [name, executable])).toEqual([
      ['lib/packed.so', true],
      ['plain.h', false],
      ['__init__.py', false],
    ]);
    for (const entry of found) {
      const target = join(folder.path, 'wheel', entry.name);
      await extractEntry(path(), entry, target);
      const expected = entries.find(({ name }) => name === entry.name)?.data;
      expect(readFileSync(target).equals(expected ?? Buffer.of(0))).toBe(true);
    }
  });

  test('that was cut short is refused by name', async () => {
    write(
      path(),
      zip([{ name: 'a', data: content, packed: false, mode: 0o644 }]).subarray(0, 3000),
    );
    await expect(readWheel(path())).rejects.toThrow(path());
  });
});

describe('the whole set-up, in a checkout where nothing is installed', () => {
  const checkout = () => join(folder.path, 'checkout');
  /** Without npm, Go, Python and compilers, but with what a shell needs. */
  const bare = () => join(folder.path, 'bare');
  const SET_UP = ['infra/bootstrap.mjs'];
  const environment = () => ({ PATH: bare(), HOME: folder.path });

  beforeAll(() => {
    for (const path of ['infra', 'package.json', 'package-lock.json', '.npmrc']) {
      cpSync(join(projectRoot, path), join(checkout(), path), { recursive: true });
    }
    mkdirSync(bare());
    symlinkSync('/bin/sh', join(bare(), 'sh'));
  });

  test('says all that is missing, in sentences, before it begins', () => {
    const { status, stderr } = spawnSync(process.execPath, SET_UP, {
      cwd: checkout(),
      env: environment(),
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^LesionFlow cannot be set up:\nnpm is not on the PATH.*\nGo 1\.21.*\n$/,
    );
  });

  test('refuses a Node.js that is too old or too new by its range', () => {
    const path = join(checkout(), 'package.json');
    const original = readFileSync(path, 'utf8');
    write(path, original.replace(/"node": ".*"/, '"node": ">=99"'));
    const { status, stderr } = spawnSync(process.execPath, SET_UP, {
      cwd: checkout(),
      encoding: 'utf8',
    });
    write(path, original);
    expect(status).toBe(1);
    expect(stderr).toContain(`Node.js ${process.versions.node} is not supported`);
    expect(stderr).toContain('>=99');
  });

  test('waits for another one, and says for which', async () => {
    const held = await takeFolder(join(checkout(), '.lesionflow'));
    if (!('lock' in held)) throw new Error('the folder is held already');
    const second = spawn(process.execPath, SET_UP, { cwd: checkout(), env: environment() });
    let said = '';
    second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes(`process ${process.pid}`)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(second.exitCode).toBeNull();
    await held.lock.release();
    const code = await new Promise((resolve) => second.once('close', resolve));
    expect([code, said.includes('Go 1.21')]).toEqual([1, true]);
  });

  test('bfloat16 is found among the flags of the processor, and not in part of another', () => {
    const info = (flags: string) => `processor\t: 0\nflags\t\t: fpu ${flags} sse\nbugs\t: none\n`;
    expect(bfloat16Flag(info('avx512f avx512_bf16'))).toBe('avx512_bf16');
    expect(bfloat16Flag(info('avx512_bf16 amx_bf16'))).toBe('amx_bf16');
    expect(bfloat16Flag(info('avx512f xavx512_bf16'))).toBeUndefined();
    expect(bfloat16Flag('')).toBeUndefined();
  });

  test('the doctor says the same, and how to mend it', () => {
    const { status, stdout } = spawnSync(process.execPath, ['infra/doctor.mjs'], {
      cwd: checkout(),
      env: {
        ...environment(),
        LESIONFLOW_S3_BUCKET: 'lesions',
        LESIONFLOW_S3_ENDPOINT: 'http://127.0.0.1:1',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    for (const line of [
      /^ok +Node\.js/m,
      /^missing +npm packages .*\n +→ Run "npm run setup"/m,
      /^missing +native TensorFlow/m,
      /^missing +Go .*\n +→ Go 1\.21/m,
      /^warn +Python 3 with pip/m,
      /^missing +object store +http:\/\/127\.0\.0\.1:1 is silent/m,
      /^missing +Temporal +127\.0\.0\.1:1 is silent/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });
});

interface Zipped {
  readonly name: string;
  readonly data: Buffer;
  readonly packed: boolean;
  readonly mode: number;
}

/** The few fields of a zip that the reader looks at. */
function zip(files: readonly Zipped[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, packed, mode } of files) {
    const body = packed ? deflateRawSync(data) : data;
    const local = Buffer.alloc(30);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt16LE(packed ? 8 : 0, 10);
    central.writeUInt32LE(body.length, 20);
    central.writeUInt32LE(data.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE((mode << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name));
    locals.push(local, Buffer.from(name), body);
    offset += 30 + name.length + body.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}
