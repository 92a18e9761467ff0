/** What `--preset auto` is told on the command line, wherever it may be named. */
import { InvalidArgumentError } from 'commander';

/** From scratch on a few cores this is enough for a first useful model of a thousand pictures or more. */
export const DEFAULT_HOURS = 1;

export const HOURS_HELP = 'hours that training may take, for --preset auto';

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}
