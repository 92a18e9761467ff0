/** Values of options and arguments: text → what a command works with, or what is wrong with it. */
import { InvalidArgumentError } from 'commander';

/** Of an option that may be given several times. */
export const repeated = (value: string, before: readonly string[] = []) => [...before, value];

/** Reads a whole number that is at least `least`. */
export const wholeNumber = (least: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${String(least)} on.`);
};

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

export function share(text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
