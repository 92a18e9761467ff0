/** `lesionflow serve`: a page and an HTTP API to try a published version with. */
import type { Command } from 'commander';
import { openStore } from '../connections.ts';
import { cacheFolderOf } from '../dev-file.ts';
import { withExamples } from '../examples.ts';
import { UsageError } from '../failures.ts';
import { onInterrupt, untilAborted } from '../interrupt.ts';
import { parseModelName, VERSION_HELP } from '../model-name.ts';
import { wholeNumber } from '../option-values.ts';
import { addJsonOption, note, printResult, type JsonFlag } from '../output.ts';

interface ServeFlags extends JsonFlag {
  readonly model: string;
  readonly host: string;
  readonly port: number;
  readonly maxMegabytes: number;
  readonly maxMegapixels: number;
  readonly places: number;
  readonly timeout: number;
}

const NOTES = `
Follows the alias: when it moves, the new version is loaded beside the old one and takes over when it is ready.
Needs to read the store, never to write it. There is no authentication: it listens on this machine alone, and
belongs behind a proxy that has one before others can reach it.`;

const EXAMPLES = [
  'serve',
  'serve --model lesion@3 --port 9000',
  "$ curl --data-binary @picture.jpg 'http://127.0.0.1:8400/api/v1/predictions?mask=none'",
];

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('a page to try a model with, and an HTTP API beside it, until Ctrl-C')
    .option('--model <version>', VERSION_HELP, 'champion')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'where to listen, 0 for any free one', wholeNumber(0), 8400)
    .option('--max-megabytes <number>', "the largest picture's file", wholeNumber(1), 32)
    .option('--max-megapixels <number>', 'the largest picture', wholeNumber(1), 50)
    .option('--places <number>', 'pictures that are taken at once', wholeNumber(1), 8)
    .option('--timeout <seconds>', 'for one picture', wholeNumber(1), 60);
  addJsonOption(command, 'where it listens').action(serve);
  withExamples(command, EXAMPLES, { notes: NOTES });
}

async function serve(flags: ServeFlags): Promise<void> {
  const { model, version } = parseModelName(flags.model);
  const { host, port } = flags;
  using interrupt = onInterrupt();
  using store = openStore(process.env);
  const { pino, startServer } = await loadServer();
  const log = pino(
    {
      level: process.env['LESIONFLOW_LOG_LEVEL'] ?? 'info',
      base: { worker: 'serve' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    pino.destination(2),
  );
  const options = {
    store,
    model,
    version,
    cacheFolder: cacheFolderOf(process.env),
    host,
    port,
    log,
    maxBytes: flags.maxMegabytes * 1e6,
    maxPixels: flags.maxMegapixels * 1e6,
    places: flags.places,
    timeoutMs: flags.timeout * 1e3,
  };
  await using server = await startServer(options).catch((error: unknown) => {
    throw listenFailure(error, flags) ?? error;
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  const url = `http://${shown}:${String(server.port)}/`;
  printResult(flags, { model, version, url }, () => [
    `LesionFlow serves ${model}@${version} on ${url}`,
  ]);
  const say = (text: string) => note(flags, text);
  if (!isLoopback(host)) {
    say(
      `Warning: ${host} can be reached from other machines, and there is no authentication: put it behind a proxy that has one.`,
    );
  }
  await untilAborted(interrupt.signal);
  say('Answering what is under way; Ctrl-C again ends at once.');
}

/** No other command needs them. In a function of its own: tsc leaves `.ts` in an import() beside a `using`. */
async function loadServer() {
  const [{ pino }, { startServer }] = await Promise.all([
    import('pino'),
    import('../../serve/server.ts'),
  ]);
  return { pino, startServer };
}

const isLoopback = (host: string): boolean => /^(127\.[\d.]+|::1|localhost)$/.test(host);

function listenFailure(error: unknown, { host, port }: ServeFlags): UsageError | undefined {
  const reason = (error as NodeJS.ErrnoException).code;
  if (reason === 'EADDRINUSE') {
    return new UsageError(
      `Port ${String(port)} of ${host} is in use. Take another with --port, or 0 for any free one.`,
      { host, port },
    );
  }
  if (reason === 'EADDRNOTAVAIL' || reason === 'ENOTFOUND' || reason === 'EACCES') {
    return new UsageError(
      `It is not possible to listen on port ${String(port)} of "${host}" (${reason}). Give --host an address of this machine, and a port above 1023.`,
      { host, port, reason },
    );
  }
  return undefined;
}
