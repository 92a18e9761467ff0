/** The real command as a process: exit codes, messages, and a development environment from start to stop. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/servers.ts';
import { runLesionflow, startLesionflow } from './run-lesionflow.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  home = await temporaryFolder();
});
afterAll(() => home.remove());

const inHome = () => ({ LESIONFLOW_HOME: home.path });
const ARCHIVES = ['--images', 'http://127.0.0.1/a.zip', '--masks', 'http://127.0.0.1/b.zip'];

describe('without any server', () => {
  test('help names every command', async () => {
    const { code, stdout } = await runLesionflow(['--help']);
    expect(code).toBe(0);
    for (const name of ['dev', 'train', 'runs', 'models', 'report', 'predict', 'doctor', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^ +${name}\\b`, 'm'));
    }
  });

  test('a wrong config key ends with code 2 and is named, before Temporal is looked for', async () => {
    const config = join(home.path, 'run.json');
    writeFileSync(config, '{"model": {"imageMaxDimm": 128}}');
    const flags = ['--dataset', 'isic', '--config', config, '--preset', 'tiny'];
    const { code, stderr } = await runLesionflow(['train', ...ARCHIVES, ...flags], inHome());
    expect(stderr).toContain('model.imageMaxDimm');
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });

  test('a reader that has enough ends it without a word', async () => {
    const run = startLesionflow(['--help']);
    run.child.stdout.destroy();
    expect(await run.finished).toEqual({ code: 141, stdout: '', stderr: '' });
  });

  test('an unknown flag ends with code 2', async () => {
    const { code, stderr } = await runLesionflow(['train', '--nope']);
    expect(stderr).toContain("unknown option '--nope'");
    expect(code).toBe(2);
  });

  test('an unreachable Temporal is one clear paragraph and code 1', async () => {
    const nowhere = { ...inHome(), TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { code, stderr } = await runLesionflow(['runs', 'list'], nowhere);
    expect(stderr).toMatch(/127\.0\.0\.1:1 cannot be reached.*lesionflow dev/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });

  test('predict without a store says which setting is missing', async () => {
    const { code, stderr } = await runLesionflow(
      ['predict', 'a.jpg', '--out', home.path],
      inHome(),
    );
    expect(stderr).toContain('LESIONFLOW_S3_BUCKET');
    expect(code).toBe(1);
  });

  test('doctor reports on the tools that the tests themselves use', async () => {
    const { stdout } = await runLesionflow(['doctor']);
    expect(stdout).toMatch(/temporal/i);
    expect(stdout).toMatch(/versitygw/i);
  });
});

describe('a development environment', () => {
  test('is found by the other commands, runs once only, and leaves nothing behind', async () => {
    const dev = startLesionflow(['dev'], inHome());
    try {
      await dev.until('Ready.');
      const empty = await runLesionflow(['runs', 'list'], inHome());
      expect([empty.code, empty.stdout]).toEqual([0, expect.stringContaining('no runs yet')]);

      const started = await runLesionflow(
        ['train', ...ARCHIVES, '--dataset', 'isic', '--preset', 'tiny', '--detach', '--json'],
        inHome(),
      );
      expect(started.stderr).toBe('');
      const { runId } = JSON.parse(started.stdout) as { runId: string };
      const listed = await runLesionflow(['runs', 'list', '--json'], inHome());
      expect(JSON.parse(listed.stdout)).toEqual([expect.objectContaining({ runId })]);
      const shown = await runLesionflow(['runs', 'show', runId], inHome());
      expect(shown.stdout).toContain(`${runId}: running`);

      const file = join(home.path, 'pages', 'run.html');
      const report = await runLesionflow(['report', runId, '--out', file, '--json'], inHome());
      expect(JSON.parse(report.stdout)).toMatchObject({ runId, state: 'running', file });
      expect(readFileSync(file, 'utf8')).toContain(`<title>${runId}: running</title>`);
      const noPage = await runLesionflow(['report', 'nobody'], inHome());
      expect([noPage.code, noPage.stderr]).toEqual([2, expect.stringContaining('"nobody"')]);

      const unknown = await runLesionflow(['runs', 'show', 'nobody'], inHome());
      expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('"nobody"')]);
      const second = await runLesionflow(['dev'], inHome());
      expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('runs already')]);
    } finally {
      dev.child.kill('SIGINT');
    }
    const { code, stdout } = await dev.finished;
    expect(code).toBe(0);
    expect(stdout).toContain('Everything has stopped.');
    expect(existsSync(join(home.path, 'dev.json'))).toBe(false);
  }, 120_000);
});
