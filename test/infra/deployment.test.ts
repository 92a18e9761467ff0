/** The deployment files parse, and name things that are there: a renamed worker would otherwise be found late. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { parseAllDocuments, parseDocument } from 'yaml';
import { z } from 'zod';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { projectRoot } from '../../infra/paths.mjs';
import { runLesionflow } from '../cli/run-lesionflow.ts';

const infra = join(projectRoot, 'infra');
const read = (path: string) => readFileSync(join(infra, path), 'utf8');
const contents = (path: string) => readFileSync(join(projectRoot, path), 'utf8');

function parse(path: string): unknown {
  const document = parseDocument(read(path), { merge: true });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

/** `lesionflow serve` as an image starts it, with options that the command has. */
async function expectServe(command: readonly string[]): Promise<void> {
  const [node, bin = '', ...args] = command;
  expect([node, existsSync(join(projectRoot, bin)), args[0]]).toEqual(['node', true, 'serve']);
  const { code, stderr } = await runLesionflow([...args, '--help']);
  expect([code, stderr]).toEqual([0, '']);
}

const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        containers: z.tuple([z.object({ command: z.array(z.string()) })]),
      }),
    }),
  }),
});

const compose = z.object({
  services: z.record(
    z.string(),
    z.union([
      z.object({
        command: z.array(z.string()),
        build: z.object({ target: z.string() }),
        environment: z.record(z.string(), z.unknown()).optional(),
      }),
      // Others' images, which start as they are.
      z.object({ image: z.string(), volumes: z.array(z.string()), profiles: z.array(z.string()) }),
    ]),
  ),
});

/** `dist/workers/x.js` is built from `workers/x.ts`. */
function expectWorker(command: readonly string[]): void {
  const source = (command.at(-1) ?? '').replace(/^dist\//, '').replace(/\.js$/, '.ts');
  expect(existsSync(join(projectRoot, source))).toBe(true);
}

describe('Kubernetes', () => {
  test('each resource of the kustomization is there', () => {
    const { resources } = z
      .object({ resources: z.array(z.string()) })
      .parse(parse('kubernetes/kustomization.yaml'));
    const files = readdirSync(join(infra, 'kubernetes')).filter((f) => f !== 'kustomization.yaml');
    expect([...resources].sort()).toEqual(files.sort());
    expect(parse('kubernetes/config.yaml')).toMatchObject({ kind: 'ConfigMap' });
  });

  test('the server runs a command that is there, with time to answer', async () => {
    const documents = parseAllDocuments(read('kubernetes/serve.yaml'));
    const [server, service] = documents.map((document) => {
      expect([...document.errors, ...document.warnings]).toEqual([]);
      return document.toJS() as unknown;
    });
    const { spec } = deployment.parse(server);
    const { containers, terminationGracePeriodSeconds } = spec.template.spec;
    await expectServe(containers[0].command);
    // `--timeout` is 60 s for one picture.
    expect(terminationGracePeriodSeconds).toBeGreaterThan(60);
    expect(service).toMatchObject({ kind: 'Service', spec: { ports: [{ targetPort: 'http' }] } });
  });

  test.each(['data', 'gpu'])('the %s worker runs code that is there, with time to stop', (role) => {
    const { spec } = deployment.parse(parse(`kubernetes/${role}-worker.yaml`));
    const { containers, terminationGracePeriodSeconds } = spec.template.spec;
    expectWorker(containers[0].command);
    // Workers force their own shutdown after 25 s (workers/worker-options.ts).
    expect(terminationGracePeriodSeconds).toBeGreaterThan(25);
  });
});

describe('compose', () => {
  const all = Object.entries(compose.parse(parse('compose.yaml')).services);
  const services = Object.fromEntries(
    all.flatMap(([name, service]) => ('build' in service ? [[name, service] as const] : [])),
  );

  test("keeps others' servers behind a profile, and mounts files that are there", () => {
    const others = all.flatMap(([name, service]) =>
      'build' in service ? [] : [{ name, ...service }],
    );
    expect(others.map(({ name }) => name)).toEqual(['prometheus', 'grafana']);
    for (const { profiles, volumes } of others) {
      expect(profiles).toEqual(['metrics']);
      const mounted = volumes.flatMap((volume) => /^\.\/[^:]+/.exec(volume) ?? []);
      expect(mounted.filter((path) => !existsSync(join(infra, path)))).toEqual([]);
      expect(mounted).not.toEqual([]);
    }
  });

  test("has Temporal know the runs' search attributes", () => {
    const given = services['temporal']?.command.filter((word) => /^--search-attr/.test(word));
    expect(given).toEqual(
      Object.values(searchAttributes).map(({ name, type }) => `--search-attribute=${name}=${type}`),
    );
  });

  test('starts Temporal, the store, both workers and the server from targets of the Dockerfile', async () => {
    expect(Object.keys(services).sort()).toEqual([
      'data-worker',
      'gpu-worker',
      's3',
      'serve',
      'temporal',
    ]);
    await expectServe(services['serve']?.command ?? []);
    const targets = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(
      ([, name]) => name,
    );
    for (const { build } of Object.values(services)) expect(targets).toContain(build.target);
    expectWorker(services['data-worker']?.command ?? []);
    expectWorker(services['gpu-worker']?.command ?? []);
  });

  test('workers get what the store and Temporal settings read', () => {
    expect(services['gpu-worker']?.environment).toMatchObject({
      TEMPORAL_ADDRESS: 'temporal:7233',
      LESIONFLOW_S3_ENDPOINT: 'http://s3:7070',
      LESIONFLOW_S3_BUCKET: 'lesionflow',
    });
  });

  test('the GPU overlay changes services that are there', () => {
    const overlay = z.object({ services: z.record(z.string(), z.unknown()) });
    const names = Object.keys(overlay.parse(parse('compose.gpu.yaml')).services);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(names));
  });
});

describe('the build', () => {
  test('leaves no import of a .ts file, which images do not have', () => {
    const { config } = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), (path) =>
      readFileSync(path, 'utf8'),
    ) as { config: { compilerOptions: object } };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectRoot);
    const sources = readdirSync(projectRoot, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !/(^|\/)(node_modules|dist|\.lesionflow|test)\//.test(path),
    );
    const lazy = sources.filter((path) => contents(path).includes('import('));
    expect(lazy).toContain('cli/commands/serve.ts');
    const left = lazy.filter((path) =>
      /import\(['"]\.[^'"]*\.ts['"]\)/.test(
        ts.transpileModule(contents(path), { compilerOptions: options, fileName: path }).outputText,
      ),
    );
    expect(left).toEqual([]);
  });
});
