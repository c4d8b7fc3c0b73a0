/** Values in a search's URL: commas, dollars and bars part them, unless a backslash stands before. */

export function splitAt(separator: ',' | '$' | '|', text: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === '\\') part += letter + text.charAt(++at);
    else if (letter === separator) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part];
}

/** What was meant, once it has been parted. */
export function unescaped(text: string): string {
  return text.replace(/\\([\\,$|])/g, '$1');
}
