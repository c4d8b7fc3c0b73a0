import { fail, ok, type Result } from '@ausculta/vitals/fault';

/** Records of ASTM E1394 (CLSI LIS2): H, P, O, R, C, Q, M, S and L, in lines of fields. */
export interface AstmDelimiters {
  readonly field: string;
  readonly repeat: string;
  readonly component: string;
  readonly escape: string;
}

export const ASTM_DELIMITERS: AstmDelimiters = {
  field: '|',
  repeat: '\\',
  component: '^',
  escape: '&',
};

/** A record as it stands: its fields, with repeats and components inside them. */
export interface AstmRecord {
  readonly type: string;
  readonly fields: readonly string[];
}

export interface AstmRecords {
  readonly delimiters: AstmDelimiters;
  readonly records: readonly AstmRecord[];
}

const BYTES_MAX = 1024 * 1024;
const RECORDS_MAX = 20_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function parseAstm(bytes: Uint8Array): Result<AstmRecords> {
  if (bytes.length > BYTES_MAX) return fail('PAYLOAD_TOO_LARGE', `more than ${BYTES_MAX} bytes`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    // The standard knows no charset; what is not UTF-8 is some Latin-1.
    text = new TextDecoder('windows-1252').decode(bytes);
  }
  return parseAstmText(text);
}

/** Records end with CR. Files have line feeds, and comments of their keepers after "#". */
export function parseAstmText(text: string): Result<AstmRecords> {
  const lines = text.split(/[\r\n]+/).filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length > RECORDS_MAX) return fail('PAYLOAD_TOO_LARGE', 'too many records');
  if (lines.length === 0) return fail('PAYLOAD_MALFORMED', 'the message is empty');
  let delimiters = ASTM_DELIMITERS;
  const records: AstmRecord[] = [];
  for (const line of lines) {
    const type = (line[0] as string).toUpperCase();
    if (!/^[A-Z]$/.test(type)) return fail('PAYLOAD_MALFORMED', 'a record has no type');
    if (type === 'H') {
      const own = readDelimiters(line);
      if (own === undefined) return fail('PAYLOAD_MALFORMED', 'the delimiters of H');
      delimiters = own;
    }
    records.push({ type, fields: line.split(delimiters.field) });
  }
  return ok({ delimiters, records });
}

function readDelimiters(line: string): AstmDelimiters | undefined {
  if (line.length < 5) return undefined;
  const [, field = '', repeat = '', component = '', mark = ''] = line;
  const all = [field, repeat, component, mark];
  if (new Set(all).size !== all.length || all.some((each) => /[\w\s]/.test(each))) return undefined;
  return { field, repeat, component, escape: mark };
}

/** Writes records with their carriage returns. */
export function writeAstm({ delimiters, records }: AstmRecords): string {
  return records.map(({ fields }) => `${fields.join(delimiters.field)}\r`).join('');
}

export type AstmValue = string | null | readonly AstmValue[];

/**
 * A record taken apart to the last component: an empty part is null, a field with components is a
 * list, one with repeats a list of lists.
 */
export function splitRecord(record: string, delimiters = ASTM_DELIMITERS): AstmValue[] {
  return record.split(delimiters.field).map((field, index) => {
    // H's second field is the delimiters themselves.
    if (index === 1 && record.startsWith('H')) return field;
    if (!field.includes(delimiters.repeat)) return splitComponents(field, delimiters);
    return field.split(delimiters.repeat).map((repeat) => {
      const parts = splitComponents(repeat, delimiters);
      return Array.isArray(parts) ? parts : [parts];
    });
  });
}

function splitComponents(text: string, delimiters: AstmDelimiters): AstmValue {
  if (!text.includes(delimiters.component)) return plainOrNull(text, delimiters);
  return text.split(delimiters.component).map((part) => plainOrNull(part, delimiters));
}

function plainOrNull(text: string, delimiters: AstmDelimiters): string | null {
  return text === '' ? null : astmPlain(text, delimiters);
}

/** Component `n`, from 1, of a field's first repeat, without escapes. */
export function astmComponent(text: string, n: number, delimiters: AstmDelimiters): string {
  const first = text.split(delimiters.repeat, 1)[0] ?? '';
  return astmPlain(first.split(delimiters.component)[n - 1] ?? '', delimiters);
}

/** &F& field, &S& component, &R& repeat, &E& the escape itself; what is unknown is kept. */
export function astmPlain(text: string, delimiters: AstmDelimiters): string {
  if (!text.includes(delimiters.escape)) return text;
  const parts = text.split(delimiters.escape);
  let plain = parts[0] as string;
  for (let index = 1; index < parts.length; index++) {
    const meaning =
      index + 1 < parts.length ? escaped(parts[index] as string, delimiters) : undefined;
    if (meaning === undefined) {
      plain += delimiters.escape + parts[index];
    } else {
      plain += meaning + parts[++index];
    }
  }
  return plain;
}

function escaped(sequence: string, delimiters: AstmDelimiters): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'R':
      return delimiters.repeat;
    case 'E':
      return delimiters.escape;
    default:
      return undefined;
  }
}

export function astmEscape(text: string, delimiters: AstmDelimiters = ASTM_DELIMITERS): string {
  const mark = delimiters.escape;
  let written = '';
  for (const character of text) {
    if (character === mark) written += `${mark}E${mark}`;
    else if (character === delimiters.field) written += `${mark}F${mark}`;
    else if (character === delimiters.component) written += `${mark}S${mark}`;
    else if (character === delimiters.repeat) written += `${mark}R${mark}`;
    // A control character would end a record or a frame.
    else written += character.charCodeAt(0) < 32 ? ' ' : character;
  }
  return written;
}
