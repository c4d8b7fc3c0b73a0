import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a secret that only its owner may read: whole or not at all, and on the disk before it
 * resolves, for what depends on it may follow a moment later.
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}
