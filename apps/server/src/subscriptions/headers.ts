/**
 * Headers that a subscriber gives for its endpoint are secrets. They are sealed before anything is written,
 * for the endpoint that they were given for: who reads the Subscription gets what nobody can use elsewhere,
 * and may write it back as it is.
 */
import type { Seal } from '../vault/seal.ts';
import { SIGNING_HEADER, secretOf } from './signing.ts';

const SEALED = 'sealed:';
/** RFC 9110, 5.1 and 5.5: a token, and letters that can be seen. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e\t]{0,4000})$/;

/** They frame the request, and are ours. */
const OURS = [
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
];

export interface HeaderPlace {
  readonly organisationId: string;
  readonly endpoint: string;
}

function partsOf(header: string): { readonly name: string; readonly value: string } | undefined {
  const [, name, value] = HEADER.exec(header) ?? [];
  if (name === undefined || OURS.includes(name.toLowerCase())) return undefined;
  return { name, value: (value ?? '').trim() };
}

function contextOf(name: string, { organisationId, endpoint }: HeaderPlace): string {
  return `subscription-header/${organisationId}/${name.toLowerCase()}/${endpoint}`;
}

/** Undefined where it is none, or is sealed for another place. */
export function sealHeader(header: string, place: HeaderPlace, seal: Seal): string | undefined {
  const parts = partsOf(header);
  if (parts === undefined) return undefined;
  const { name, value } = parts;
  if (value.startsWith(SEALED)) return openHeader(header, place, seal) && header;
  const isSecret = name.toLowerCase() === SIGNING_HEADER;
  if (isSecret && secretOf(value) === undefined) return undefined;
  const sealed = seal.seal(Buffer.from(value), contextOf(name, place));
  return `${name}: ${SEALED}${Buffer.from(sealed).toString('base64url')}`;
}

export function openHeader(
  header: string,
  place: HeaderPlace,
  seal: Seal,
): readonly [string, string] | undefined {
  const parts = partsOf(header);
  if (parts === undefined || !parts.value.startsWith(SEALED)) return undefined;
  const sealed = Buffer.from(parts.value.slice(SEALED.length), 'base64url');
  const opened = seal.open(sealed, contextOf(parts.name, place));
  return opened.ok ? [parts.name, Buffer.from(opened.value).toString()] : undefined;
}
