/** The JSON that the docs tell people to paste is what the workflows take: `<!-- input: NAME -->` says as what. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import {
  controls,
  extendRequestSchema,
  stopEarlyRequestSchema,
  verdictRequestSchema,
} from '../../contracts/control.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { workflowTypes } from '../../contracts/task-queues.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GUIDES = join(ROOT, 'docs/guides');

const schemas: Readonly<Record<string, z.ZodType>> = {
  [workflowTypes.trainingPipeline]: pipelineInputSchema,
  [controls.stopEarly]: stopEarlyRequestSchema,
  [controls.extend]: extendRequestSchema,
  [controls.approve]: verdictRequestSchema,
  [controls.reject]: verdictRequestSchema,
};

const pages = [
  join(ROOT, 'README.md'),
  ...readdirSync(GUIDES)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(GUIDES, name)),
];

const inputs = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/<!-- input: (\w+) -->\n+```json\n([^`]*)```/g)].map(
    ([, name = '', json = '']) => ({ page: page.slice(ROOT.length), name, json }),
  ),
);

describe('JSON to paste', () => {
  test.each(inputs)('$page: an input of $name', ({ name, json }) => {
    const schema = schemas[name];
    if (schema === undefined) throw new Error(`nothing takes "${name}"`);
    expect(schema.safeParse(JSON.parse(json)).error?.issues).toBeUndefined();
  });

  test('is there for the pipeline and for each control that takes an input', () => {
    const told = new Set(inputs.map(({ name }) => name));
    expect([...told].sort()).toEqual(Object.keys(schemas).sort());
  });
});
