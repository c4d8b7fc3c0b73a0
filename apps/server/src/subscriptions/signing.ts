/**
 * Notifications that prove where they come from, as Standard Webhooks has it: HMAC-SHA256 over id, time and body,
 * by a secret that the subscriber gives as a header, which is never sent. Two secrets make two signatures, so that
 * one can follow the other.
 */
import { createHmac } from 'node:crypto';

/** Given among the headers of the endpoint: `Ausculta-Signing-Secret: whsec_…`. */
export const SIGNING_HEADER = 'ausculta-signing-secret';
const PREFIX = 'whsec_';
const BYTES_MIN = 24;
const BYTES_MAX = 64;

type Header = readonly [string, string];

export interface Message {
  /** The same however often it is sent. */
  readonly id: string;
  readonly atMs: number;
  readonly body: string;
}

export function secretOf(value: string): Uint8Array | undefined {
  if (!value.startsWith(PREFIX)) return undefined;
  const text = value.slice(PREFIX.length);
  const bytes = Buffer.from(text, 'base64');
  const isWhole = bytes.toString('base64') === text;
  return isWhole && bytes.length >= BYTES_MIN && bytes.length <= BYTES_MAX ? bytes : undefined;
}

/** The subscriber's headers without secrets, and with the signatures that these make. */
export function signed(headers: readonly Header[], { id, atMs, body }: Message): Header[] {
  const isSecret = ([name]: Header): boolean => name.toLowerCase() === SIGNING_HEADER;
  const others = headers.filter((header) => !isSecret(header));
  const secrets = headers.filter(isSecret).flatMap(([, value]) => secretOf(value) ?? []);
  if (secrets.length === 0) return others;
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`);
    return `v1,${mac.digest('base64')}`;
  });
  const own: Header[] = [
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
    ['webhook-signature', signatures.join(' ')],
  ];
  return [...others, ...own];
}
