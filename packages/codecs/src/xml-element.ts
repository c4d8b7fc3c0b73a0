import { fail, ok, type Result } from '@ausculta/vitals/fault';

/** An element of a device's XML: what it is called, its attributes, its text, what is inside. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement extends XmlElement {
  text: string;
  readonly children: XmlElement[];
}

/** A device's message is 5 KB deep in nothing: these bounds are far above, and far below harm. */
const CHARACTERS_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 32;
const ELEMENTS_MAX = 100_000;

/**
 * Reads a document without a document type: no entities but the five of XML and numbers, nothing is
 * fetched, nothing expands. Namespaces' prefixes are dropped.
 */
export function parseXml(text: string): Result<XmlElement> {
  if (text.length > CHARACTERS_MAX) return fail('PAYLOAD_TOO_LARGE', 'an XML document');
  const root: OpenElement = { name: '', attributes: new Map(), text: '', children: [] };
  const open: OpenElement[] = [root];
  let count = 0;
  let at = 0;
  while (at < text.length) {
    const current = open[open.length - 1] as OpenElement;
    const tag = text.indexOf('<', at);
    if (tag < 0) break;
    if (tag > at && open.length > 1) current.text += unescapeXml(text.slice(at, tag));
    const mark = text.charCodeAt(tag + 1);
    const skipped = mark === 33 || mark === 63 ? skipMarkup(text, tag, current) : 0;
    if (skipped === -1) return malformed('a document type or an unfinished part');
    if (skipped > 0) {
      at = skipped;
      continue;
    }
    const end = tagEnd(text, tag);
    if (end < 0) return malformed('an unfinished tag');
    const inside = text.slice(tag + 1, end);
    at = end + 1;
    if (inside.startsWith('/')) {
      if (open.length === 1 || localName(inside.slice(1).trim()) !== current.name) {
        return malformed('a tag that closes another');
      }
      open.pop();
      continue;
    }
    const read = readTag(inside);
    if (read === undefined) return malformed('a tag that is none');
    if (++count > ELEMENTS_MAX || open.length > DEPTH_MAX) return malformed('too many elements');
    current.children.push(read);
    if (!inside.endsWith('/')) open.push(read);
  }
  const [only, second] = root.children;
  if (open.length !== 1 || only === undefined || second !== undefined) {
    return malformed('not one whole element');
  }
  return ok(only);
}

/** Where a comment, a CDATA section or a declaration ends; 0 when it is a tag, -1 when refused. */
function skipMarkup(text: string, at: number, current: OpenElement): number {
  const after = (opening: number, closing: string) => {
    const end = text.indexOf(closing, at + opening);
    return end < 0 ? -1 : end + closing.length;
  };
  if (text.startsWith('<!--', at)) return after(4, '-->');
  if (text.startsWith('<?', at)) return after(2, '?>');
  if (text.startsWith('<![CDATA[', at)) {
    const end = after(9, ']]>');
    if (end > 0) current.text += text.slice(at + 9, end - 3);
    return end;
  }
  return text.startsWith('<!', at) ? -1 : 0;
}

/** The ">" of a tag, past those in quoted values. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
    else if (character === '<') return -1;
  }
  return -1;
}

const NAME = /^[A-Za-z_][\w.:-]*/;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

function readTag(inside: string): OpenElement | undefined {
  const body = inside.endsWith('/') ? inside.slice(0, -1) : inside;
  const name = NAME.exec(body)?.[0];
  if (name === undefined) return undefined;
  if (name.length === body.length) return element(name, NO_ATTRIBUTES);
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = name.length;
  let read = name.length;
  for (let found = ATTRIBUTE.exec(body); found !== null; found = ATTRIBUTE.exec(body)) {
    attributes.set(localName(found[1] as string), unescapeXml(found[2] ?? found[3] ?? ''));
    read = ATTRIBUTE.lastIndex;
  }
  if (body.slice(read).trim() !== '') return undefined;
  return element(name, attributes);
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

function element(name: string, attributes: ReadonlyMap<string, string>): OpenElement {
  return { name: localName(name), attributes, text: '', children: [] };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w{2,4}));/g,
    (whole, ten, sixteen, name) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = ten !== undefined ? Number(ten) : Number.parseInt(sixteen, 16);
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => {
    const name = Object.keys(ENTITIES).find((entity) => ENTITIES[entity] === character);
    return `&${name};`;
  });
}

/** The first element inside of this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

function malformed(detail: string): Result<never> {
  return fail('PAYLOAD_MALFORMED', detail);
}
