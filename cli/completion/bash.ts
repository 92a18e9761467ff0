/** Completion for bash, 3.2 and later, without the package bash-completion. */
import type { Place } from './completion-words.ts';

export function bashCompletion(places: readonly Place[]): string {
  const commands = places.slice(1).map(({ path }) => `"${path}"`);
  return `# Completion of lesionflow for bash: eval "$(lesionflow completion bash)"
_lesionflow() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local place="lesionflow" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$place \${COMP_WORDS[index]}" in
      ${commands.join(' | ')})
        place="$place \${COMP_WORDS[index]}" ;;
    esac
  done
  COMPREPLY=()
  case "$place $previous" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$place" in
${places.map(wordCase).join('\n')}
  esac
  # What begins with a dash is an option; where nothing fits, bash goes on with files.
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lesionflow lesionflow
`;
}

function valueCases({ path, values }: Place): string[] {
  return [...values].map(([name, { choices }]) =>
    choices.length === 0
      ? `    "${path} ${name}") return ;;`
      : `    "${path} ${name}") COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$current")); return ;;`,
  );
}

function wordCase({ path, commands, options, choices }: Place): string {
  const words = [...commands.map(({ word }) => word), ...choices];
  const dashed = options.map(({ word }) => word);
  return `    "${path}") if [[ "$current" == -* ]]; then words="${dashed.join(' ')}"; else words="${words.join(' ')}"; fi ;;`;
}
