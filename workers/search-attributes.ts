/**
 * Which of our search attributes the Temporal server has, asked of it. `LESIONFLOW_SEARCH_ATTRIBUTES` answers instead where
 * asking is not allowed: `on` takes them all for registered, `off` uses none. A run on a server without them keeps
 * the same values as its memo, which the UI shows but does not search.
 */
import { isGrpcServiceError } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import type { SearchAttributeNames } from '../activities/list-search-attributes.ts';
import { LesionFlowError } from '../contracts/errors.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import type { WorkerPlace } from './worker-options.ts';

export class SearchAttributesSettingError extends LesionFlowError {
  constructor(value: string) {
    super(
      `LESIONFLOW_SEARCH_ATTRIBUTES must be "on" (they are registered) or "off" (use none), or not set (ask the server); it is "${value}".`,
      { code: 'search-attributes-setting', retryable: false, values: { value } },
    );
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** As the server's IndexedValueType counts them. */
const SERVER_TYPES = { Keyword: 2, Double: 4 } as const;

/** gRPC: PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. Any other failure may pass and is thrown. */
const NOT_FOR_US = [7, 12, 16];

const OURS = Object.values(searchAttributes);

/** Throws `SearchAttributesSettingError`. */
export function searchAttributeNames(
  place: WorkerPlace,
  environment: Environment,
): SearchAttributeNames {
  const setting = environment['LESIONFLOW_SEARCH_ATTRIBUTES'] ?? '';
  switch (setting) {
    case 'on':
      return () => Promise.resolve(OURS.map(({ name }) => name));
    case 'off':
      return () => Promise.resolve([]);
    case '':
      return () => askServer(place);
    default:
      throw new SearchAttributesSettingError(setting);
  }
}

/** Says at a worker's start what runs will lack, and how to mend it. */
export async function warnOfMissing(names: SearchAttributeNames, logger: Logger): Promise<void> {
  const there = await names();
  const missing = OURS.filter(({ name }) => !there.includes(name));
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ name, type }) => `temporal operator search-attribute create --name ${name} --type ${type}`,
  );
  logger.warn(
    `Runs cannot be searched by ${missing.map(({ name }) => name).join(', ')}: the server does not have them as ` +
      `LesionFlow needs them. Runs go on all the same and keep the values as their memo. To register them: ${lines.join(' ; ')}`,
  );
}

async function askServer({ connection, namespace }: WorkerPlace): Promise<readonly string[]> {
  try {
    const answer = await connection.operatorService.listSearchAttributes({ namespace });
    return OURS.filter(
      ({ name, type }) => Number(answer.customAttributes[name]) === SERVER_TYPES[type],
    ).map(({ name }) => name);
  } catch (error) {
    if (isGrpcServiceError(error) && NOT_FOR_US.includes(error.code)) return [];
    throw error;
  }
}
