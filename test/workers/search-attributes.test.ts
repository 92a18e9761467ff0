/** Which search attributes a real server has, and what the setting says in its place. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import {
  SearchAttributesSettingError,
  searchAttributeNames,
} from '../../workers/search-attributes.ts';
import { startTestTemporal, type TestTemporal } from '../support/temporal-server.ts';

let server: TestTemporal;
let connection: NativeConnection;
beforeAll(async () => {
  server = await startTestTemporal();
  connection = await NativeConnection.connect({ address: server.address });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const ALL: readonly string[] = Object.values(searchAttributes).map(({ name }) => name);

const namesWith = (setting?: string) =>
  searchAttributeNames(
    { connection, namespace: server.namespace },
    setting === undefined ? {} : { LESIONFLOW_SEARCH_ATTRIBUTES: setting },
  );

describe('search attributes', () => {
  test('are those that the server has, as we need them', async () => {
    expect(await namesWith()()).toEqual(ALL);
    const [dropped = '', ...left] = ALL;
    const { namespace } = server;
    await connection.operatorService.removeSearchAttributes({
      namespace,
      searchAttributes: [dropped],
    });
    // The server looks at its own list now and then only.
    let names: readonly string[] = ALL;
    while (names.length === ALL.length) names = await namesWith()();
    expect(names).toEqual(left);
  });

  test('are all or none where the setting says so, and a wrong setting is told', async () => {
    expect(await namesWith('on')()).toEqual(ALL);
    expect(await namesWith('off')()).toEqual([]);
    expect(() => namesWith('yes')).toThrow(SearchAttributesSettingError);
  });
});
