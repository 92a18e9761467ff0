/** `npm run docs:cli`: writes docs/cli.md. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../infra/paths.mjs';
import { commandTree } from '../command-tree.ts';
import { buildProgram } from '../program.ts';
import { referenceMarkdown } from './markdown.ts';

const program = buildProgram(() => undefined);
await writeFile(join(projectRoot, 'docs', 'cli.md'), referenceMarkdown(commandTree(program)));
