import { fail, ok, type Result } from '@ausculta/vitals/fault';

/** Names and values by turns: most elements have one attribute, and none is looked up twice. */
export type XmlAttributes = readonly string[];

/** What is told of a document, part by part; an element without content is opened and closed. */
export interface XmlListener {
  readonly open: (name: string, attributes: XmlAttributes) => void;
  /** Text that is not only blanks, with its entities resolved; one text may come in pieces. */
  readonly text: (text: string) => void;
  readonly close: () => void;
}

export interface XmlLimits {
  readonly charactersMax: number;
  readonly elementsMax: number;
  /** A document type is passed over unread; without this it is refused. */
  readonly passesDocumentType?: boolean;
}

/** A device's message nests to ten. */
const DEPTH_MAX = 32;

/**
 * Walks through a document: no entities but the five of XML and numbers, nothing is fetched, nothing
 * expands. Namespaces' prefixes are dropped. What was told before a fault is worth nothing.
 */
export function scanXml(text: string, limits: XmlLimits, listener: XmlListener): Result<undefined> {
  if (text.length > limits.charactersMax) return fail('PAYLOAD_TOO_LARGE', 'an XML document');
  /** Where the names of the open elements stand, and where they end. */
  const open: number[] = [];
  const document = { text, open, listener, hasEntities: text.includes('&'), localAt: 0 };
  let elements = 0;
  let roots = 0;
  for (let at = 0; ; ) {
    const start = text.indexOf('<', at);
    if (start < 0) break;
    if (open.length > 0) tellText(document, at, start);
    const mark = text.charCodeAt(start + 1);
    if (mark === EXCLAMATION || mark === QUESTION) {
      at = skipMarkup(text, start, limits, listener);
      if (at < 0) return malformed('a document type or an unfinished part');
    } else if (mark === SLASH) {
      at = closeTag(text, start + 2, open);
      if (at < 0) return malformed('a tag that closes another');
      listener.close();
    } else {
      if (open.length === 0) roots++;
      if (++elements > limits.elementsMax || open.length >= 2 * DEPTH_MAX) {
        return malformed('too many elements');
      }
      const end = openTag(document, start + 1);
      if (typeof end === 'string') return malformed(end);
      at = end;
    }
  }
  return open.length === 0 && roots === 1 ? ok(undefined) : malformed('not one whole element');
}

interface Document {
  readonly text: string;
  readonly open: number[];
  readonly listener: XmlListener;
  readonly hasEntities: boolean;
  /** Where the name that was read last goes on after its prefix. */
  localAt: number;
}

const QUOTE = 34;
const APOSTROPHE = 39;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const EXCLAMATION = 33;
const QUESTION = 63;

const NONE: string[] = [];

/** Reads a tag from its name on, and tells of it; answers where it ends, or what is wrong with it. */
function openTag(document: Document, from: number): number | string {
  const { text, open, listener } = document;
  const nameAt = nameEnd(document, from);
  if (nameAt === from) return 'a tag that is none';
  const name = text.slice(document.localAt, nameAt);
  let attributes = NONE;
  for (let at = nameAt; ; ) {
    const next = skipBlanks(text, at);
    const code = text.charCodeAt(next);
    if (code === GREATER) {
      listener.open(name, attributes);
      open.push(from, nameAt);
      return next + 1;
    }
    if (code === SLASH && text.charCodeAt(next + 1) === GREATER) {
      listener.open(name, attributes);
      listener.close();
      return next + 2;
    }
    if (next >= text.length || code === LESS) return 'an unfinished tag';
    const end = nameEnd(document, next);
    const own = document.localAt;
    // A blank must stand before an attribute.
    if (next === at || end === next) return 'a tag that is none';
    const equals = skipBlanks(text, end);
    const quoted = skipBlanks(text, equals + 1);
    const quote = text.charCodeAt(quoted);
    if (text.charCodeAt(equals) !== EQUALS || (quote !== QUOTE && quote !== APOSTROPHE)) {
      return 'a tag that is none';
    }
    const closing = text.indexOf(quote === QUOTE ? '"' : "'", quoted + 1);
    if (closing < 0) return 'an unfinished tag';
    if (attributes === NONE) attributes = [];
    const value = text.slice(quoted + 1, closing);
    attributes.push(text.slice(own, end), document.hasEntities ? unescapeXml(value) : value);
    at = closing + 1;
  }
}

/** Answers where the tag ends, or -1 when its name is not that of the element that is open. */
function closeTag(text: string, from: number, open: number[]): number {
  const nameAt = open.pop();
  const nameFrom = open.pop();
  if (nameAt === undefined || nameFrom === undefined) return -1;
  const length = nameAt - nameFrom;
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(from + index) !== text.charCodeAt(nameFrom + index)) return -1;
  }
  const end = skipBlanks(text, from + length);
  return text.charCodeAt(end) === GREATER ? end + 1 : -1;
}

/** A letter or _ first, then letters, digits, and . _ : - as devices' languages have them. */
function nameEnd(document: Document, from: number): number {
  const { text } = document;
  document.localAt = from;
  if (text.charCodeAt(from) <= COLON) return from;
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at);
    if (!isNamePart(code)) return at;
    if (code === COLON) document.localAt = at + 1;
  }
}

function isNamePart(code: number): boolean {
  if (code >= 97) return code <= 122;
  if (code >= 65) return code <= 90 || code === 95;
  return (code >= 48 && code <= COLON) || code === 45 || code === 46;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function tellText({ text, listener, hasEntities }: Document, from: number, end: number): void {
  if (skipBlanks(text, from) >= end) return;
  const told = text.slice(from, end);
  listener.text(hasEntities ? unescapeXml(told) : told);
}

/** Where a comment, a CDATA section or a declaration ends; -1 when it is refused or unfinished. */
function skipMarkup(text: string, at: number, limits: XmlLimits, listener: XmlListener): number {
  const after = (opening: number, closing: string) => {
    const end = text.indexOf(closing, at + opening);
    return end < 0 ? -1 : end + closing.length;
  };
  if (text.startsWith('<!--', at)) return after(4, '-->');
  if (text.startsWith('<?', at)) return after(2, '?>');
  if (text.startsWith('<![CDATA[', at)) {
    const end = after(9, ']]>');
    if (end > 0) listener.text(text.slice(at + 9, end - 3));
    return end;
  }
  if (!limits.passesDocumentType || !text.startsWith('<!DOCTYPE', at)) return -1;
  const simple = after(9, '>');
  const inside = text.indexOf('[', at);
  return inside > 0 && inside < simple ? after(inside - at, ']>') : simple;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w{2,4}));/g,
    (whole, ten, sixteen, name) => {
      if (name !== undefined) return ENTITIES.get(name) ?? whole;
      const code = ten !== undefined ? Number(ten) : Number.parseInt(sixteen, 16);
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => {
    for (const [name, meant] of ENTITIES) if (meant === character) return `&${name};`;
    return character;
  });
}

function malformed(detail: string): Result<never> {
  return fail('PAYLOAD_MALFORMED', detail);
}

/** The attribute's value, '' where there is none. */
export function attributeIn(attributes: XmlAttributes, name: string): string {
  for (let at = 0; at < attributes.length; at += 2) {
    if (attributes[at] === name) return attributes[at + 1] as string;
  }
  return '';
}
