/** What `inspect data` and `inspect model` are both told. */
import type { ConfigFlags } from './model-config.ts';

export interface CommonFlags extends ConfigFlags {
  /** The folder that is written to. */
  readonly out: string;
  readonly format: 'png' | 'svg';
  readonly seed: number;
  readonly json?: true;
}
