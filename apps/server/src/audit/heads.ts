/**
 * Heads of an organisation's tree: signed checkpoints that say when they were made and which head came
 * before, so that none can be taken out of their row. After a restoration the tree goes on from an earlier
 * head: that is said by a head of its own kind, and nothing else makes it right.
 */
import { createPublicKey, sign, verify } from 'node:crypto';
import {
  type Checkpoint,
  checkpointText,
  keyId,
  readCheckpoint,
  signedNote,
} from '@ausculta/audit-tree/checkpoint';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { sha256 } from './leaf-record.ts';

const LOG = 'ausculta.audit/';
/** RFC 8410: what stands before the 32 bytes of a public key. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
/** C2SP signed-note: the kind of its keys. */
const ED25519 = 1;

/** Which tree it is, as witnesses know it. */
export const originOf = (organisationId: string): string => `${LOG}${organisationId}`;

export const organisationOf = (origin: string): string | undefined =>
  origin.startsWith(LOG) ? origin.slice(LOG.length) : undefined;

export interface SignedHead extends Pick<Checkpoint, 'size' | 'root'> {
  readonly organisationId: string;
  readonly atMs: number;
  /** Leaves of the head before; what was lost, where `restored`. */
  readonly after: number;
  /** The database was put back to this head, from one of `after` leaves. */
  readonly isRestored: boolean;
}

export function signHead(head: SignedHead, key: SigningKey): string {
  const { organisationId, size, root, atMs, after, isRestored } = head;
  const origin = originOf(organisationId);
  const extensions = [
    `time ${new Date(atMs).toISOString()}`,
    `${isRestored ? 'restored-from' : 'after'} ${after}`,
  ];
  const text = checkpointText({ origin, size, root, extensions });
  const noteKey = { name: origin, publicKey: rawKeyOf(key) };
  const by = { hash: sha256, sign: (message: Uint8Array) => sign(null, message, key.secret) };
  return signedNote(text, noteKey, by);
}

/** Undefined where this key has not signed it for this organisation, or it is no head of ours. */
export function readHead(
  note: string,
  organisationId: string,
  key: Pick<SigningKey, 'public'>,
): SignedHead | undefined {
  const origin = originOf(organisationId);
  const by = {
    hash: sha256,
    verify: (message: Uint8Array, signature: Uint8Array) =>
      verify(null, message, key.public, signature),
  };
  const read = readCheckpoint(note, { name: origin, publicKey: rawKeyOf(key) }, by);
  if (!read.ok || read.value.origin !== origin) return undefined;
  const { size, root, extensions } = read.value;
  const atMs = Date.parse(/^time (\S+)$/.exec(extensions[0] ?? '')?.[1] ?? '');
  const [, kind, after] = /^(after|restored-from) (\d{1,16})$/.exec(extensions[1] ?? '') ?? [];
  if (Number.isNaN(atMs) || kind === undefined || extensions.length !== 2) return undefined;
  const isRestored = kind === 'restored-from';
  return { organisationId, size, root, atMs, after: Number(after), isRestored };
}

/** Of which organisation a note says it is; whether that is signed, its reader must ask. */
export function organisationOfNote(note: string): string | undefined {
  return organisationOf(note.slice(0, note.indexOf('\n')));
}

/** As programs for signed notes take it: its name, its id and the key. */
export function textOfKey(organisationId: string, publicKey: Uint8Array): string {
  const name = originOf(organisationId);
  const id = Buffer.from(keyId(sha256, { name, publicKey })).toString('hex');
  return `${name}+${id}+${Buffer.from([ED25519, ...publicKey]).toString('base64')}`;
}

export function keyOfText(text: string): Pick<SigningKey, 'public'> | undefined {
  const [, key = ''] = /^[^+\s]+\+[0-9a-f]{8}\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const bytes = Buffer.from(key, 'base64');
  if (bytes[0] !== ED25519 || bytes.length !== 33) return undefined;
  const der = Buffer.concat([ED25519_SPKI, bytes.subarray(1)]);
  return { public: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

export function rawKeyOf({ public: key }: Pick<SigningKey, 'public'>): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(ED25519_SPKI.length));
}
