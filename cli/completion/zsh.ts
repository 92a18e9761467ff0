/** Completion for zsh, to be evaluated or kept as `_lesionflow` in a folder of `fpath`. */
import type { Place, Proposal } from './completion-words.ts';

export function zshCompletion(places: readonly Place[]): string {
  const commands = places.slice(1).map(({ path }) => `"${path}"`);
  return `#compdef lesionflow
# Completion of lesionflow for zsh: eval "$(lesionflow completion zsh)"
_lesionflow() {
  local place="lesionflow" index
  local -a commands options choices
  for ((index = 2; index < CURRENT; index++)); do
    case "$place \${words[index]}" in
      (${commands.join('|')}) place="$place \${words[index]}" ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$place" in
${places.map(wordCase).join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -t options option options
  elif (( \${#commands} )); then
    _describe -t commands command commands
  elif (( \${#choices} )); then
    compadd -- $choices
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _lesionflow ]]; then _lesionflow "$@"; else compdef _lesionflow lesionflow; fi
`;
}

function valueCases({ path, values }: Place): string[] {
  return [...values].map(([name, { choices, isFile }]) => {
    const propose =
      choices.length > 0 ? `compadd -- ${choices.join(' ')}; ` : isFile ? '_files; ' : '';
    return `    ("${path} ${name}") ${propose}return ;;`;
  });
}

function wordCase({ path, commands, options, choices }: Place): string {
  return `    ("${path}") commands=(${described(commands)}); options=(${described(options)}); choices=(${choices.join(' ')}) ;;`;
}

const described = (proposals: readonly Proposal[]): string =>
  proposals.map(({ word, description }) => quoted(`${word}:${description}`)).join(' ');

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
