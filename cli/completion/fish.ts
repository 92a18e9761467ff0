/** Completion for fish. */
import type { Place } from './completion-words.ts';

export function fishCompletion(places: readonly Place[]): string {
  const commands = places.slice(1).map(({ path }) => quoted(path));
  return `# Completion of lesionflow for fish: lesionflow completion fish | source
function __lesionflow_place
  set -l place lesionflow
  set -l words (commandline -opc)
  for word in $words[2..]
    if contains -- "$place $word" ${commands.join(' ')}
      set place "$place $word"
    end
  end
  echo $place
end
${places.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, commands, options, choices, values }: Place): string[] {
  const here = `complete -c lesionflow -n ${quoted(`test (__lesionflow_place) = "${path}"`)}`;
  return [
    ...commands.map(
      ({ word, description }) => `${here} -f -a ${quoted(word)} -d ${quoted(description)}`,
    ),
    ...choices.map((word) => `${here} -f -a ${quoted(word)}`),
    ...options.map(({ word, description }) => {
      const value = values.get(word);
      const follows =
        value === undefined
          ? ''
          : value.choices.length > 0
            ? ` -x -a ${quoted(value.choices.join(' '))}`
            : value.isFile
              ? ' -r -F'
              : ' -x';
      return `${here} -l ${word.slice(2)}${follows} -d ${quoted(description)}`;
    }),
  ];
}

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
