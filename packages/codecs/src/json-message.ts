import { fail, ok, type Result } from '@ausculta/vitals/fault';

/** A ward monitor's fullest minute is below 8 KB; a home hub's backlog is sent in several messages. */
export const MESSAGE_BYTES_MAX = 64 * 1024;

/** Readings or events of one message: 64 KB hold about so many of the shortest. */
export const PARTS_MAX = 1_000;

/** What somebody exports from an app is a file of months, not a device's message. */
export const EXPORT_BYTES_MAX = 64 * 1024 * 1024;
export const EXPORT_PARTS_MAX = 500_000;

export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a message within its limits. JSON.parse does not recurse, and nothing here walks deeper
 * than the forms below, so deep nesting costs no stack. A key "__proto__" is an ordinary key of its
 * object. Of a key that is written twice in one object, the last is read: RFC 8259 leaves that open.
 */
export function parseJson(bytes: Uint8Array, bytesMax = MESSAGE_BYTES_MAX): Result<unknown> {
  if (bytes.length > bytesMax) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${bytesMax} bytes`);
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return fail('PAYLOAD_MALFORMED', 'not UTF-8');
  }
  try {
    return ok(JSON.parse(text));
  } catch {
    // The parser's own words quote the message, and a message may hold what no log should.
    return fail('PAYLOAD_MALFORMED', 'not JSON');
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
