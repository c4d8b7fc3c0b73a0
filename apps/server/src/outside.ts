import { createHash } from 'node:crypto';

export type RandomBytes = (count: number) => Uint8Array;

const NONCE_BYTES_MAX = 16;
const POOL_BYTES = 4_096;

/**
 * Nonces are taken from a few kilobytes of chance at a time: to ask for each took as long as to seal with
 * it. No byte is given twice; keys and tokens, which are longer, never share memory with anything.
 */
export function gatheredRandomBytes(randomBytes: RandomBytes): RandomBytes {
  let pool: Uint8Array = new Uint8Array(0);
  let given = 0;
  return (count) => {
    if (count > NONCE_BYTES_MAX) return randomBytes(count);
    if (given + count > pool.length) {
      pool = randomBytes(POOL_BYTES);
      given = 0;
    }
    given += count;
    return pool.subarray(given - count, given);
  };
}

/** The world, as main.ts hands it to every part: nothing else reads a clock, a timer or chance. */
export interface Outside {
  readonly nowMs: () => number;
  /** Runs once, unless the function it returns is called before: whoever no longer waits calls it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Runs again and again until the function it returns is called. */
  readonly every: (periodMs: number, run: () => void) => () => void;
  /** Lets other work run first. */
  readonly pause: () => Promise<void>;
  readonly randomBytes: RandomBytes;
  readonly newId: () => string;
  /** The memory of the machine, or of the container that we are in. */
  readonly machineBytes: number;
  /** What the disk of a file or directory has left for us. */
  readonly freeBytesAt: (path: string) => Promise<number>;
  /** `what` names the step that went wrong; never a value or a person's name. */
  readonly onProblem: (what: string, error: unknown) => void;
  /** Ends the process at once: going on would be a lie to the devices. */
  readonly onFatal: (why: string) => void;
}

/** What a secret of a first start is made of, and kept as. */
export function secretsOf({ newId, randomBytes }: Pick<Outside, 'newId' | 'randomBytes'>) {
  return {
    newId,
    randomToken: () => Buffer.from(randomBytes(24)).toString('base64url'),
    sha256: (text: string): Uint8Array => createHash('sha256').update(text).digest(),
  };
}
