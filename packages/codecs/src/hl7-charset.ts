import { fail, ok, type Result } from '@ausculta/vitals/fault';

/** HL7 table 0211 by the names that the Encoding Standard knows. */
const LABELS: Readonly<Record<string, string>> = {
  'UNICODE UTF-8': 'utf-8',
  'UTF-8': 'utf-8',
  '8859/1': 'windows-1252',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
};

/** Only US-ASCII letters of the standard's own are looked at, so any charset of one byte will do. */
const CARRIAGE_RETURN = 13;
const MSH_18 = 17;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a message in the charset that its MSH-18 names. Without one, HL7 means ASCII; senders
 * then mostly write UTF-8 and some Latin-1, which can be told apart.
 */
export function decodeHl7Bytes(bytes: Uint8Array): Result<string> {
  if (bytes[0] === 0xff || bytes[0] === 0xfe) return decodeUtf16(bytes);
  const named = charsetName(bytes);
  const label = named === '' || named === 'ASCII' ? undefined : LABELS[named];
  if (label === undefined) {
    // An unknown name says nothing about the bytes; ASCII, in whatever frame, reads as UTF-8.
    const text = tryDecode(utf8, bytes);
    return ok(text ?? new TextDecoder('windows-1252').decode(bytes));
  }
  const text = tryDecode(label === 'utf-8' ? utf8 : new TextDecoder(label, { fatal: true }), bytes);
  return text === undefined ? fail('PAYLOAD_MALFORMED', 'not in the charset of MSH-18') : ok(text);
}

function decodeUtf16(bytes: Uint8Array): Result<string> {
  const text = tryDecode(
    new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be', { fatal: true }),
    bytes,
  );
  return text === undefined ? fail('PAYLOAD_MALFORMED', 'not UTF-16') : ok(text);
}

function tryDecode(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array,
): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** MSH-18's first repetition, read byte by byte: a message cannot be decoded before it is known. */
function charsetName(bytes: Uint8Array): string {
  const start = bytes[0] === 0xef ? 3 : 0;
  const separator = bytes[start + 3];
  const repetition = bytes[start + 5];
  let fields = 0;
  for (let at = start + 3; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === CARRIAGE_RETURN || byte === 10) return '';
    if (byte !== separator) continue;
    fields++;
    if (fields < MSH_18) continue;
    let name = '';
    for (let letter = at + 1; letter < bytes.length && name.length < 32; letter++) {
      const code = bytes[letter] as number;
      if (code === separator || code === repetition || code < 32) break;
      name += String.fromCharCode(code);
    }
    return name.trim().toUpperCase();
  }
  return '';
}
