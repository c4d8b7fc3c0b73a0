import { fail, type Result } from '@ausculta/vitals/fault';

export const TRUNCATED = 'shorter than its flags or its form say';

export function truncated(): Result<never> {
  return fail('PAYLOAD_MALFORMED', TRUNCATED);
}

export function hasBit(word: number, bit: number): boolean {
  return ((word >>> bit) & 1) === 1;
}

/** A word with the bits set whose condition holds. */
export function bits(...conditions: readonly (readonly [bit: number, isSet: boolean])[]): number {
  let word = 0;
  for (const [bit, isSet] of conditions) if (isSet) word |= 1 << bit;
  return word >>> 0;
}

/** The names of the bits that are set; a bit without a name is reserved and told by its number. */
export function bitNames(word: number, names: readonly string[]): string[] {
  const set: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (hasBit(word, bit)) set.push(names[bit] || `bit${bit}`);
  }
  return set;
}
