/** The model's options from the same flags as a run's: preset, config file, `--set`. */
import { namedConfigSchema } from '../../maskrcnn/config-parsing.ts';
import type { MaskRcnnConfig, MaskRcnnConfigInput } from '../../maskrcnn/config.ts';
import { buildRequest, type RequestFlags } from '../request.ts';

export type ConfigFlags = Pick<RequestFlags, 'preset' | 'config' | 'set'>;

/** Nothing is fetched: a request just has to name archives. */
export const NO_DATA = {
  dataset: 'inspected',
  images: 'file:///inspected.zip',
  masks: 'file:///inspected.zip',
};

/** Over `known`, then Matterport's defaults. @throws UsageError */
export function modelConfig(flags: ConfigFlags, known: MaskRcnnConfigInput): MaskRcnnConfig {
  const { model = {} } = buildRequest({ ...flags, ...NO_DATA });
  return namedConfigSchema(known).parse(model);
}
