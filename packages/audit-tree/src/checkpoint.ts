/**
 * Heads of the tree as they go out into the world: a checkpoint (C2SP tlog-checkpoint) in a signed note (C2SP
 * signed-note), which witnesses and tools of other transparency logs read. The signature is Ed25519; its
 * algorithm, like SHA-256, comes in as a parameter.
 */
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Hash } from './merkle-tree.ts';
import type { Head } from './proofs.ts';

export interface Checkpoint extends Head {
  /** Which log it is: unique, a name without a scheme, as `example.org/ausculta`. */
  readonly origin: string;
  /** Lines behind the root, which are signed with it. */
  readonly extensions?: readonly string[];
}

export interface NoteKey {
  /** Without blanks and plus signs. */
  readonly name: string;
  /** Of Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

const ED25519 = 1;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
const ROOT_BYTES = 32;
/** A note is a few lines; what is longer is none of ours. */
const NOTE_MAX = 16_384;

export function checkpointText({ origin, size, root, extensions = [] }: Checkpoint): string {
  const isLine = (text: string): boolean => /^[^\n]+$/.test(text);
  expect(isLine(origin), 'an origin is one line');
  expect(extensions.every(isLine), 'an extension is one line');
  expect(root.length === ROOT_BYTES, 'a root is a hash');
  return [origin, size, toBase64(root), ...extensions, ''].join('\n');
}

export function signedNote(
  text: string,
  { name, publicKey }: NoteKey,
  by: { readonly hash: Hash; readonly sign: (message: Uint8Array) => Uint8Array },
): string {
  expect(isName(name), 'the name of a key has no blank and no plus');
  expect(text.endsWith('\n'), 'a note ends its last line');
  const signature = by.sign(new TextEncoder().encode(text));
  const signed = new Uint8Array(KEY_ID_BYTES + signature.length);
  signed.set(keyId(by.hash, { name, publicKey }));
  signed.set(signature, KEY_ID_BYTES);
  return `${text}\n— ${name} ${toBase64(signed)}\n`;
}

/** The checkpoint of a note that this key has signed; other signatures beside it are passed over. */
export function readCheckpoint(
  note: string,
  key: NoteKey,
  by: {
    readonly hash: Hash;
    readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
  },
): Result<Required<Checkpoint>> {
  if (note.length > NOTE_MAX) return fail('PAYLOAD_MALFORMED', 'the note is too long');
  const border = note.lastIndexOf('\n\n');
  if (border < 0 || !note.endsWith('\n')) return fail('PAYLOAD_MALFORMED', 'it is no signed note');
  const text = note.slice(0, border + 1);
  const lines = note.slice(border + 2, -1).split('\n');
  const signatures = lines.map((line) => /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line));
  if (signatures.some((found) => found === null))
    return fail('PAYLOAD_MALFORMED', 'a line behind the text is no signature');
  const id = toBase64(keyId(by.hash, key));
  const message = new TextEncoder().encode(text);
  const isSigned = signatures.some((found) => {
    const signed = found?.[1] === key.name ? fromBase64(found[2] ?? '') : undefined;
    if (signed?.length !== KEY_ID_BYTES + SIGNATURE_BYTES) return false;
    if (toBase64(signed.subarray(0, KEY_ID_BYTES)) !== id) return false;
    return by.verify(message, signed.subarray(KEY_ID_BYTES));
  });
  return isSigned ? parseCheckpoint(text) : fail('PAYLOAD_MALFORMED', 'this key has not signed it');
}

function parseCheckpoint(text: string): Result<Required<Checkpoint>> {
  const [origin = '', sizeText = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = fromBase64(rootText);
  const isSize = /^(0|[1-9]\d{0,15})$/.test(sizeText) && Number.isSafeInteger(Number(sizeText));
  if (origin === '' || !isSize || root?.length !== ROOT_BYTES)
    return fail('PAYLOAD_MALFORMED', 'it is no checkpoint');
  return ok({ origin, size: Number(sizeText), root, extensions });
}

/** The first bytes of a hash over name, algorithm and key. */
export function keyId(hash: Hash, { name, publicKey }: NoteKey): Uint8Array {
  const nameBytes = new TextEncoder().encode(`${name}\n`);
  const bytes = new Uint8Array(nameBytes.length + 1 + publicKey.length);
  bytes.set(nameBytes);
  bytes[nameBytes.length] = ED25519;
  bytes.set(publicKey, nameBytes.length + 1);
  return hash(bytes).subarray(0, KEY_ID_BYTES);
}

const isName = (name: string): boolean => /^[^\s+]+$/u.test(name);

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Undefined unless it is written as it would be here: one signature has one form. */
function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
}
