/** `lesionflow demo`: the whole pipeline on this machine, from archives to a prediction. */
import type { Command } from 'commander';
import { withExamples } from '../examples.ts';
import { repeated } from '../option-values.ts';
import { addJsonOption } from '../output.ts';
import { AUTO, presetNames } from '../presets.ts';
import type { DemoFlags } from '../run-demo.ts';
import { hoursOption } from './auto-options.ts';

export function addDemoCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('demo')
    .description(
      'the whole pipeline on this machine, with synthetic pictures or archives of your own',
    )
    .option('--images <zip>', 'path or URL of an archive of images; synthetic pictures without')
    .option('--masks <zip>', 'path or URL of the archive of masks')
    .option(
      '--preset <name>',
      `a recipe: ${presetNames.join(', ')}, or ${AUTO}: made for the data`,
      'tiny',
    )
    .addOption(hoursOption())
    .option('--config <file>', "JSON or YAML with the run's options, over the preset")
    .option('--set <key=value>', 'one option, e.g. model.stepsPerEpoch=100 (repeatable)', repeated)
    .option('--exit', 'stop at the end, as it does without a terminal');
  addJsonOption(command, 'the result, with the paths of what was written,').action(
    async (flags: DemoFlags) => {
      const { runDemo } = await import('../run-demo.ts');
      finish(await runDemo(flags));
    },
  );
  withExamples(command, [
    'demo',
    'demo --images images.zip --masks masks.zip --preset auto --hours 2',
  ]);
}
