/** A real Temporal server for tests and for recording histories: no part of it knows jest. */
import { startTemporalServer, type TemporalServer } from '../../infra/servers/temporal-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A Temporal server without UI; `TestWorkflowEnvironment.createFromExistingServer(it)` works on it. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const folder = await temporaryFolder();
  const server: TemporalServer = await startTemporalServer({ folder: folder.path, headless: true });
  const { address, namespace, environment } = server;
  const stop = async () => {
    await server.stop();
    await folder.remove();
  };
  return { address, namespace, environment, stop };
}
