/**
 * Loads the platform with its SQL replaced: every store.ts that has a twin exports the twin's
 * functions. A broken variant is the same code with a sentence of it changed (variants.ts).
 * To be called before anything of the server is imported.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Edit } from './variants.ts';

const SERVER = new URL('../../apps/server/src/', import.meta.url).href;
const ROOT = new URL('../../', import.meta.url).href;
const TWINS = new URL('./twins.ts', import.meta.url).href;
/** Marks the file itself, beside the module that stands for it. */
const REAL = '?real';

export function installSeam(twinned: readonly string[], edits: readonly Edit[]): void {
  const isTwinned = new Map(twinned.map((file) => [`${SERVER}${file}`, file]));
  const editsOf = Map.groupBy(edits, ({ file }) => `${ROOT}${file}`);
  registerHooks({
    load(url, context, next) {
      const file = isTwinned.get(url);
      if (file !== undefined) {
        const text = sourceOf(next(`${url}${REAL}`, context));
        return { format: 'module', source: standIn(url, file, text), shortCircuit: true };
      }
      const loaded = next(url, context);
      const own = editsOf.get(url.replace(REAL, ''));
      return own === undefined ? loaded : { ...loaded, source: edited(sourceOf(loaded), own) };
    },
  });
}

function sourceOf({ source }: { source?: unknown }): string {
  return typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8');
}

function standIn(url: string, file: string, text: string): string {
  const declared = text.matchAll(/^export (?:async )?(?:function\*?|const) (\w+)/gm);
  const lines = [...declared].map(
    ([, name]) => `export const ${name} = twinOf('${file}', '${name}', real.${name});`,
  );
  return [
    `import * as real from '${url}${REAL}';`,
    `import { twinOf } from '${TWINS}';`,
    ...lines,
  ].join('\n');
}

function edited(text: string, edits: readonly Edit[]): string {
  let changed = text;
  for (const { file, find, put } of edits) {
    const parts = changed.split(find);
    if (parts.length !== 2) {
      const path = fileURLToPath(`${ROOT}${file}`);
      throw new Error(
        `${path} has ${parts.length - 1} times what a broken variant changes: ${find}`,
      );
    }
    changed = parts.join(put);
  }
  return changed;
}
