/** What `--preset auto` is told on the command line, wherever it may be named. */
import { Option } from 'commander';
import { positiveNumber } from '../option-values.ts';

/** From scratch on a few cores this is enough for a first useful model of a thousand pictures or more. */
const DEFAULT_HOURS = 1;

export const hoursOption = (): Option =>
  new Option('--hours <number>', 'hours that training may take, for --preset auto')
    .argParser(positiveNumber)
    .default(DEFAULT_HOURS);
