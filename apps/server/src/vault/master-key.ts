/**
 * Who holds the master key. It opens one thing: the root key of the key store, which wraps every
 * other key. So a key service is asked once a start, and a rotation rewrites the key store alone.
 */
import { type Fault, ok, type Result } from '@ausculta/vitals/fault';
import { StartProblem } from '../database/start-problem.ts';
import type { RandomBytes } from '../outside.ts';
import { createSeal } from './seal.ts';

export interface MasterKey {
  readonly wrap: (key: Uint8Array) => Promise<Uint8Array>;
  readonly unwrap: (wrapped: Uint8Array) => Promise<Result<Uint8Array>>;
}

/** Where master keys come from: a file, the environment, or a key service. */
export interface MasterKeys {
  /** Those that may have wrapped the root key; after a rotation that was cut short there are two. */
  readonly known: readonly MasterKey[];
  /** The one that a rotation goes to. A provider that cannot make one says what to do instead. */
  readonly next: () => Promise<MasterKey>;
  /** Durably: the root key is wrapped by this one, and by no other. */
  readonly settle: (inForce: MasterKey) => Promise<void>;
  /** Given by whoever runs the server: where another was in force, the store goes over to it. */
  readonly wanted: MasterKey | undefined;
}

const ROOT_CONTEXT = 'root key';

/** A master key whose bytes this process holds. */
export function heldMasterKey(key: Uint8Array, randomBytes: RandomBytes): MasterKey {
  const seal = createSeal(key, randomBytes);
  return {
    wrap: async (root) => seal.seal(root, ROOT_CONTEXT),
    unwrap: async (wrapped) => {
      const opened = seal.open(wrapped, ROOT_CONTEXT);
      return opened.ok ? ok(new Uint8Array(opened.value)) : opened;
    },
  };
}

/** From AUSCULTA_MASTER_KEY, and AUSCULTA_MASTER_KEY_PREVIOUS for the one start that goes over to it. */
export function environmentMasterKeys(
  keys: { readonly current: Uint8Array; readonly previous: Uint8Array | undefined },
  randomBytes: RandomBytes,
): MasterKeys {
  const wanted = heldMasterKey(keys.current, randomBytes);
  const previous = keys.previous === undefined ? [] : [heldMasterKey(keys.previous, randomBytes)];
  return {
    known: [wanted, ...previous],
    next: async () => wanted,
    settle: async () => undefined,
    wanted,
  };
}

/** Tries them in order: the root key and the one that opened it. */
export async function unwrapRoot(
  wrapped: Uint8Array,
  known: readonly MasterKey[],
): Promise<{ root: Uint8Array; by: MasterKey }> {
  let last: Fault | undefined;
  for (const by of known) {
    const opened = await by.unwrap(wrapped);
    if (opened.ok) return { root: opened.value, by };
    last = opened.fault;
  }
  throw new StartProblem(
    'MASTER_KEY_UNUSABLE',
    `The master key does not open the key store (${last?.detail ?? 'no key'}). Restore the master key that belongs to it, or the key store that belongs to the key.`,
  );
}
