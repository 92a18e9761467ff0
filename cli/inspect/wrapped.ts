/** Text in lines of at most so many characters, broken at spaces. */
const WIDTH = 100;

/** Every line begins with the indent; a word that is longer than a line stands alone. */
export function wrapped(text: string, { indent }: { readonly indent: string }): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}
