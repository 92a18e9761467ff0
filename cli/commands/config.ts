/** `lesionflow config`: the model's whole config under Matterport's names, as `Config.display()` prints it. */
import type { Command } from 'commander';
import { configAsMatterport, displayConfig } from '../../maskrcnn/config-names.ts';
import { withExamples } from '../examples.ts';
import { repeated } from '../option-values.ts';
import { addJsonOption, say, type JsonFlag } from '../output.ts';
import { presetNames } from '../presets.ts';
import { buildConfig, type RequestFlags } from '../request.ts';

interface ConfigFlags extends Pick<RequestFlags, 'preset' | 'config' | 'set'>, JsonFlag {}

export function addConfigCommand(program: Command): void {
  const command = program
    .command('config')
    .description("show the model's options as a run would have them; starts nothing")
    .option('--preset <name>', `a recipe: ${presetNames.join(', ')}`)
    .option('--config <file>', "JSON or YAML with a run's options, or Matterport's config")
    .option('--set <key=value>', 'one option, e.g. model.IMAGE_MAX_DIM=256 (repeatable)', repeated);
  addJsonOption(command, 'the options, as --config takes them,').action(showConfig);
  withExamples(command, [
    'config --preset recipe',
    'config --config mine.yaml --set model.imageMaxDim=256 --json > model.json',
  ]);
}

function showConfig({ json, ...flags }: ConfigFlags): void {
  const config = buildConfig(flags);
  // A file for people to edit.
  say(json ? JSON.stringify(configAsMatterport(config), null, 2) : displayConfig(config));
}
