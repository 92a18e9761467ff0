/** `lesionflow config`: the model's whole config under Matterport's names, as `Config.display()` prints it. */
import type { Command } from 'commander';
import { configAsMatterport, displayConfig } from '../../maskrcnn/config-names.ts';
import { presetNames } from '../presets.ts';
import { buildConfig, type RequestFlags } from '../request.ts';

interface ConfigFlags extends Pick<RequestFlags, 'preset' | 'config' | 'set'> {
  readonly json?: true;
}

export function addConfigCommand(program: Command): void {
  const repeated = (value: string, before: readonly string[] = []) => [...before, value];
  program
    .command('config')
    .description("show the model's options as a run would have them; starts nothing")
    .option('--preset <name>', `a recipe: ${presetNames.join(', ')}`)
    .option('--config <file>', "JSON or YAML with a run's options, or Matterport's config")
    .option('--set <key=value>', 'one option, e.g. model.IMAGE_MAX_DIM=256 (repeatable)', repeated)
    .option('--json', 'print JSON, which --config takes')
    .action(({ json, ...flags }: ConfigFlags) => {
      const config = buildConfig(flags);
      const text = json
        ? JSON.stringify(configAsMatterport(config), null, 2)
        : displayConfig(config);
      process.stdout.write(`${text}\n`);
    });
}
