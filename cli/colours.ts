/** Colours for terminals only: NO_COLOR takes them away, FORCE_COLOR brings them elsewhere too. */
import pico from 'picocolors';

export type Palette = ReturnType<typeof pico.createColors>;

interface MaybeTerminal {
  readonly isTTY?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** https://no-color.org and https://force-color.org; a dumb terminal is none. */
export function wantsColour(stream: MaybeTerminal, environment: Environment): boolean {
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  if (isSet('NO_COLOR')) return false;
  if (isSet('FORCE_COLOR')) return environment['FORCE_COLOR'] !== '0';
  return isTerminal(stream, environment);
}

/** Can lines be drawn over? */
export const isTerminal = (stream: MaybeTerminal, environment: Environment): boolean =>
  stream.isTTY === true && environment['TERM'] !== 'dumb';

export const paletteFor = (
  stream: MaybeTerminal,
  environment: Environment = process.env,
): Palette => pico.createColors(wantsColour(stream, environment));

export const plainPalette: Palette = pico.createColors(false);
