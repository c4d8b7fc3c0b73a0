/**
 * The rows of comma-separated values, RFC 4180: quoted fields may hold separators, line ends and
 * doubled quotes. Sheets of other countries separate with ";" or tabs; the first line tells.
 */
export function* csvRows(text: string): Generator<string[]> {
  const separator = separatorOf(text);
  let fields: string[] = [];
  let at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  while (at < text.length) {
    let field: string;
    if (text[at] === '"') [field, at] = quoted(text, at + 1);
    else {
      const from = at;
      while (at < text.length && !isEnd(text[at] as string, separator)) at++;
      field = text.slice(from, at);
    }
    fields.push(field.trim());
    if (text[at] === separator) {
      at++;
      if (at < text.length) continue;
      fields.push('');
    }
    while (at < text.length && (text[at] === '\r' || text[at] === '\n')) at++;
    yield fields;
    fields = [];
  }
}

const BYTE_ORDER_MARK = 0xfeff;

function isEnd(character: string, separator: string): boolean {
  return character === separator || character === '\n' || character === '\r';
}

/** The text up to the closing quote, and where the next separator or line end stands. */
function quoted(text: string, from: number): [field: string, at: number] {
  let field = '';
  for (let at = from; ; ) {
    const end = text.indexOf('"', at);
    if (end < 0) return [field + text.slice(at), text.length];
    field += text.slice(at, end);
    if (text[end + 1] !== '"') return [field, end + 1];
    field += '"';
    at = end + 2;
  }
}

function separatorOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const head = end < 0 ? text : text.slice(0, end);
  const count = (separator: string) => head.split(separator).length;
  return [',', ';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best));
}
