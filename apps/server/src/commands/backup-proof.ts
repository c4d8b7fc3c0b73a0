/**
 * Whether a backup is as this installation wrote it. Checksums find what has decayed; whoever changes a
 * file on purpose changes them as well. So the manifest, which has the checksum of every file, is signed
 * with a key of the key store, and a backup lies apart from its keys.
 */
import { sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { type CommandPorts, type Ground, openGroundKeys } from './ground.ts';
import { MANIFEST_FILE, unusable } from './manifest.ts';

const SIGNATURE_FILE = 'manifest.sig';

/** Never taken for a receipt, which the same key signs. */
const said = (manifest: string): Buffer => Buffer.from(`ausculta backup\n${manifest}`, 'utf8');

/** Undefined where the keys do not open here, or the store is from before it had a key to sign with. */
export async function signingKeyHere(
  at: { readonly path: string },
  ports: CommandPorts,
): Promise<SigningKey | undefined> {
  // Whoever calls holds the directory, and lets it go.
  const dataDirectory: Ground['dataDirectory'] = { ...at, [Symbol.dispose]: () => undefined };
  try {
    return (await openGroundKeys({ dataDirectory }, ports)).signingKey();
  } catch (problem) {
    if (problem instanceof StartProblem) return undefined;
    throw problem;
  }
}

export async function signBackup(directory: string, key: SigningKey): Promise<void> {
  const manifest = await readFile(join(directory, MANIFEST_FILE), 'utf8');
  const signature = sign(null, said(manifest), key.secret).toString('base64');
  await writeWholeFile(join(directory, SIGNATURE_FILE), `${signature}\n`);
}

export type Proof = 'signed' | 'changed' | 'unsigned' | 'no-keys';

export async function proofOf(directory: string, key: SigningKey | undefined): Promise<Proof> {
  const path = join(directory, SIGNATURE_FILE);
  const signature = await readFile(path, 'utf8').catch(() => undefined);
  if (signature === undefined) return 'unsigned';
  if (key === undefined) return 'no-keys';
  const manifest = await readFile(join(directory, MANIFEST_FILE), 'utf8');
  const bytes = Buffer.from(signature.trim(), 'base64');
  return verify(null, said(manifest), key.public, bytes) ? 'signed' : 'changed';
}

const WHY: Readonly<Record<Exclude<Proof, 'signed'>, string>> = {
  changed:
    'is not as this installation signed it: somebody has changed it, or it is of another installation. Use another one, or another copy of it',
  unsigned:
    'has no signature: it was made by an older version, before the server had run, or somebody took it away. Use a newer one',
  'no-keys':
    'cannot be shown to be as it was written, because its keys are not here. Restore them first: npx ausculta keys restore FILE',
};

export function expectProof(directory: string, proof: Proof): void {
  if (proof === 'signed') return;
  throw unusable(
    `${directory} ${WHY[proof]}. If you know that nobody else could write to it, add --unproven.`,
  );
}
