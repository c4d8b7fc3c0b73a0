import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { decodeHl7Bytes } from './hl7-charset.ts';

/** The five characters that MSH-1 and MSH-2 declare; a message may choose its own. */
export interface Hl7Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

export const HL7_DELIMITERS: Hl7Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
};

/**
 * A segment as its raw fields: `fields[5]` is OBX-5, with its escapes. MSH counts like any other:
 * `fields[1]` is the field separator, `fields[2]` the encoding characters.
 */
export interface Hl7Segment {
  readonly id: string;
  readonly fields: readonly string[];
}

export interface Hl7Message {
  readonly delimiters: Hl7Delimiters;
  readonly segments: readonly Hl7Segment[];
}

/** A lab report with an embedded document is about so long; a monitor's message is 5 KB. */
export const HL7_BYTES_MAX = 4 * 1024 * 1024;

/** A 64-bed station's full minute has a tenth of it. */
const SEGMENTS_MAX = 20_000;

export function parseHl7(bytes: Uint8Array): Result<Hl7Message> {
  if (bytes.length > HL7_BYTES_MAX) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${HL7_BYTES_MAX} bytes`);
  }
  const text = decodeHl7Bytes(bytes);
  return text.ok ? parseHl7Text(text.value) : text;
}

export function parseHl7Text(given: string): Result<Hl7Message> {
  // Segments end with a carriage return; files and some senders write line feeds too.
  const text = given.includes('\n') ? given.replaceAll('\n', '\r') : given;
  let from = 0;
  while (text.charCodeAt(from) === CARRIAGE_RETURN) from++;
  if (from === text.length) return fail('PAYLOAD_MALFORMED', 'the message is empty');
  const end = endOf(text, from);
  const head = text.slice(from, end);
  const delimiters = readDelimiters(head);
  if (delimiters === undefined) return fail('PAYLOAD_MALFORMED', 'no readable MSH comes first');
  const { field: separator } = delimiters;
  const msh = ['MSH', separator, ...head.slice(4).split(separator)];
  const segments: Hl7Segment[] = [{ id: 'MSH', fields: msh }];
  const fault = readSegments(text, { from: end + 1, separator }, segments);
  return fault === undefined ? ok({ delimiters, segments }) : fault;
}

const CARRIAGE_RETURN = 13;

function endOf(text: string, from: number): number {
  const end = text.indexOf('\r', from);
  return end < 0 ? text.length : end;
}

/**
 * Cuts segment by segment and field by field, by hand: it is half of what a message costs. The next
 * separator is looked for once, also where it lies some segments further on.
 */
function readSegments(
  text: string,
  { from: start, separator }: { readonly from: number; readonly separator: string },
  segments: Hl7Segment[],
): Result<never> | undefined {
  let next = -1;
  for (let at = start; at < text.length; ) {
    const end = endOf(text, at);
    if (end === at) {
      at++;
      continue;
    }
    const fields: string[] = [];
    let from = at;
    for (;;) {
      if (next < from) next = text.indexOf(separator, from);
      if (next < 0) next = text.length;
      if (next >= end) break;
      fields.push(text.slice(from, next));
      from = next + 1;
    }
    fields.push(text.slice(from, end));
    const id = fields[0] as string;
    if (!isSegmentId(id)) return fail('PAYLOAD_MALFORMED', 'a segment has no name');
    if (segments.length >= SEGMENTS_MAX) return fail('PAYLOAD_TOO_LARGE', 'too many segments');
    segments.push({ id, fields });
    at = end + 1;
  }
  return undefined;
}

function readDelimiters(line: string): Hl7Delimiters | undefined {
  if (!line.startsWith('MSH') || line.length < 8) return undefined;
  const field = line[3] as string;
  const [component = '', repetition = '~', mark = '\\', subcomponent = '&'] = line.slice(
    4,
    line.indexOf(field, 4) < 0 ? undefined : line.indexOf(field, 4),
  );
  const all = [field, component, repetition, mark, subcomponent];
  if (new Set(all).size !== all.length || all.some(isNoDelimiter)) return undefined;
  return { field, component, repetition, escape: mark, subcomponent };
}

/** A letter, a digit, a blank or a control character would tear values apart. */
function isNoDelimiter(character: string): boolean {
  const code = character.charCodeAt(0);
  return !(code > 32 && code < 127) || isUpperOrDigit(code) || (code >= 97 && code <= 122);
}

function isUpperOrDigit(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

function isSegmentId(id: string): boolean {
  if (id.length !== 3) return false;
  for (let at = 0; at < 3; at++) if (!isUpperOrDigit(id.charCodeAt(at))) return false;
  return true;
}

/** Writes a message; each segment ends with a carriage return. */
export function writeHl7({ delimiters, segments }: Hl7Message): string {
  let text = '';
  for (const { id, fields } of segments) {
    text +=
      id === 'MSH'
        ? `MSH${delimiters.field}${fields.slice(2).join(delimiters.field)}\r`
        : `${fields.join(delimiters.field)}\r`;
  }
  return text;
}

/** Field `n` as it stands, '' where it is absent. */
export function field(segment: Hl7Segment | undefined, n: number): string {
  return segment?.fields[n] ?? '';
}

export function repetitions(text: string, { repetition }: Hl7Delimiters): readonly string[] {
  return text === '' ? [] : text.split(repetition);
}

/** The raw components of a field's first repetition. */
export function components(text: string, delimiters: Hl7Delimiters): readonly string[] {
  const end = text.indexOf(delimiters.repetition);
  return (end < 0 ? text : text.slice(0, end)).split(delimiters.component);
}

/** Component `n`, from 1, of field `n`'s first repetition, as plain text. */
export function component(
  segment: Hl7Segment | undefined,
  at: { readonly field: number; readonly component: number },
  delimiters: Hl7Delimiters,
): string {
  const raw = components(field(segment, at.field), delimiters)[at.component - 1] ?? '';
  return plain(raw, delimiters);
}

/** Text without escapes; HL7's explicit null, two quotes, is an empty text. */
export function plain(raw: string, delimiters: Hl7Delimiters): string {
  if (raw === '""') return '';
  return raw.includes(delimiters.escape) ? withoutEscapes(raw, delimiters) : raw;
}

/** Section 2.7: \F\ \S\ \T\ \R\ \E\, hexadecimal data and formatting; what is unknown is kept. */
function withoutEscapes(raw: string, delimiters: Hl7Delimiters): string {
  const mark = delimiters.escape;
  let text = '';
  let from = 0;
  for (;;) {
    const open = raw.indexOf(mark, from);
    const close = open < 0 ? -1 : raw.indexOf(mark, open + 1);
    if (close < 0) return text + raw.slice(from);
    const meaning = escaped(raw.slice(open + 1, close), delimiters);
    if (meaning === undefined) {
      // Not a sequence: this escape character stands for itself, and the next may open one.
      text += raw.slice(from, open + 1);
      from = open + 1;
      continue;
    }
    text += raw.slice(from, open) + meaning;
    from = close + 1;
  }
}

function escaped(sequence: string, delimiters: Hl7Delimiters): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent;
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escape;
    case 'H':
    case 'N':
      return '';
    case '.br':
    case '.sp':
      return '\n';
    default:
      return /^X([0-9A-Fa-f]{2})+$/.test(sequence) ? hexText(sequence.slice(1)) : undefined;
  }
}

function hexText(digits: string): string {
  let text = '';
  for (let at = 0; at < digits.length; at += 2) {
    text += String.fromCharCode(Number.parseInt(digits.slice(at, at + 2), 16));
  }
  return text;
}

/** Text as it may stand in a field. Control characters would end a segment or a frame. */
export function escapeText(text: string, delimiters: Hl7Delimiters = HL7_DELIMITERS): string {
  let written = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (character === delimiters.escape) written += `${delimiters.escape}E${delimiters.escape}`;
    else if (character === delimiters.field) written += `${delimiters.escape}F${delimiters.escape}`;
    else if (character === delimiters.component)
      written += `${delimiters.escape}S${delimiters.escape}`;
    else if (character === delimiters.subcomponent)
      written += `${delimiters.escape}T${delimiters.escape}`;
    else if (character === delimiters.repetition)
      written += `${delimiters.escape}R${delimiters.escape}`;
    else if (code < 32)
      written += `${delimiters.escape}X${code.toString(16).padStart(2, '0').toUpperCase()}${delimiters.escape}`;
    else written += character;
  }
  return written;
}
